// The only script. Every page works without it; it saves a click here and a mistake there.

// A page that shows work in progress asks for a fresh copy of itself while someone looks at it.
const refreshing = document.querySelector("[data-refresh-seconds]");
if (refreshing) {
  const pause = Math.max(1, Number(refreshing.dataset.refreshSeconds) || 5) * 1000;
  setInterval(() => {
    if (document.visibilityState === "visible") location.reload();
  }, pause);
}

// "/" leads to the search of the page's head from anywhere but a field, as on many sites.
const search = document.querySelector("input[data-shortcut]");
if (search) {
  search.setAttribute("aria-keyshortcuts", search.dataset.shortcut);
  addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (event.key !== search.dataset.shortcut || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
}

// Screen readers announce what is wrong when the summary takes focus.
document.querySelector(".error-summary")?.focus();

// A password can be looked at before it is sent; it is hidden again when it is.
for (const field of document.querySelectorAll("input[data-reveal]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.setAttribute("aria-controls", field.id);
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-label", shown ? "Hide password" : "Show password");
  };
  show(false);
  button.addEventListener("click", () => show(field.type === "password"));
  field.form?.addEventListener("submit", () => show(false));
  field.after(button);
}

// The second press on a slow line sends nothing. Coming back with the browser's arrow makes the form usable again.
const sent = new WeakSet();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "get") return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  event.submitter?.setAttribute("aria-disabled", "true");
  // A download leaves the page as it is, and may be wanted again.
  if (form.hasAttribute("data-download")) setTimeout(() => release(form), 2000);
});
const release = (form) => {
  sent.delete(form);
  for (const button of form.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
};
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) release(form);
});

// A list whose rows can be ticked says how many are, and ticks them all at once.
for (const form of document.querySelectorAll("form[data-pick]")) {
  const boxes = [...form.querySelectorAll("td.pick input")];
  const head = form.querySelector("thead td.pick");
  const words = form.querySelector("[data-picked]");
  if (!boxes.length || !head || !words) continue;
  const all = Object.assign(document.createElement("input"), { type: "checkbox" });
  all.setAttribute("aria-label", "Choose everyone on this page");
  head.append(all);
  words.setAttribute("role", "status");
  const untouched = words.textContent;
  const count = () => {
    const number = boxes.filter((box) => box.checked).length;
    all.checked = number === boxes.length;
    all.indeterminate = number > 0 && !all.checked;
    words.textContent = number === 0 ? untouched : `${number} ${number === 1 ? "person" : "people"} ticked`;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    count();
  });
  form.addEventListener("change", count);
  count();
}

// What one types oneself is in the sum beside the button, and opens what the law asks for above a sum.
const pounds = (field) => Number(field.value.replace(/[£,\s]/g, ""));
for (const total of document.querySelectorAll(".price .solidarity")) {
  const amount = document.querySelector("#field-amount");
  const least = total.textContent;
  amount?.addEventListener("input", () => {
    total.textContent = pounds(amount) > 0 ? `£${amount.value.trim().replace(/^£/, "")} a ${total.dataset.every}` : least;
  });
}
const address = document.querySelector("details[data-opens-from]");
address?.closest("form").addEventListener("input", (event) => {
  const { form } = event.target;
  const sum = form.elements.sum?.value;
  const given = sum === "own" ? pounds(form.elements.amount) : Number(sum) / 100;
  if (given >= Number(address.dataset.opensFrom)) address.open = true;
});

// An officer's long edit isn't lost to a stray click: forms marked data-guard ask before one leaves.
for (const form of document.querySelectorAll("form[data-guard]")) {
  let edited = false;
  form.addEventListener("input", () => { edited = true; });
  form.addEventListener("submit", () => { edited = false; });
  addEventListener("beforeunload", (event) => {
    if (edited) event.preventDefault();
  });
}
