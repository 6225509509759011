// What every page has to be, whoever sees it and however: free of accessibility faults in light, dark and on a phone;
// valid HTML with nothing inline; usable by keyboard with the focus in sight; no sideways scroll at 320 pixels; whole
// with text at twice its size; plain black on white in print; still where people ask for less motion; legible in
// forced colours.
//
// One visit serves all of these looks: the page stays, and Chromium is told that the screen, the colours or the medium
// changed. `judge` looks at the page that is shown, so that it works for answers to a POST as well.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { HtmlValidate } from 'html-validate';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
// What the dark can change is colour alone; every other rule has been asked of the same page in the light.
const COLOUR = ['color-contrast', 'link-in-text-block'];
const DESK = { width: 1280, height: 900, deviceScaleFactor: 1, mobile: false };
const PHONE = { width: 320, height: 700, deviceScaleFactor: 1, mobile: true };

const validator = new HtmlValidate({
  extends: ['html-validate:standard', 'html-validate:a11y', 'html-validate:document'],
  rules: {
    // Matters of taste in how the source is laid out, which nobody sees.
    'doctype-style': 'off', 'void-style': 'off', 'no-trailing-whitespace': 'off', 'attr-quotes': 'off', 'long-title': 'off',
    // Everything comes from this server, under an address that names its content.
    'require-sri': 'off',
  },
});

/** Faults of a page's source. Mails hold their styles inline, because mail programs take them from nowhere else. */
export async function htmlFaults(html, { mail = false } = {}) {
  const report = await validator.validateString(html);
  const faults = report.results.flatMap((result) => result.messages.map((m) => `line ${m.line}: ${m.ruleId}: ${m.message}`));
  for (const [inline] of mail ? [] : html.matchAll(/<[^>]* (style|on[a-z]+)="|<style/g)) faults.push(`inline: ${inline}`);
  for (const [tag] of html.matchAll(/<script[^>]*>/g)) if (!/src=|application\/ld\+json/.test(tag)) faults.push(`inline: ${tag}`);
  for (const [, anchor] of html.matchAll(/href="#([^"]+)"/g)) if (!html.includes(`id="${anchor}"`)) faults.push(`#${anchor} leads nowhere`);
  return faults;
}

/**
 * Looks at the page that is shown in every way, and says all that is wrong. A `rare` state of a page that is judged in
 * full elsewhere, like a form sent back, is looked at on a phone, in light and dark, and by keyboard.
 */
export async function judge(page, { rare = false } = {}) {
  const faults = [];
  const html = await page.document.text();
  // A mail is shown with all scripts shut off, the judge's too: it is looked at on an empty page.
  const mail = page.document.headers()['content-security-policy'].includes('sandbox');
  // What a mail program shows around it has the landmarks.
  const tags = mail ? TAGS.filter((tag) => tag !== 'best-practice') : TAGS;
  if (mail) {
    await page.goto('about:blank');
    await page.setContent(html);
  }
  const client = page.client ??= await page.context().newCDPSession(page);
  const screen = (size) => client.send('Emulation.setDeviceMetricsOverride', size);
  // As the browser's own setting for the size of text does.
  const letters = (standard) => client.send('Page.setFontSizes', { fontSizes: { standard } });
  const look = async (title, check, ...asked) => faults.push(...(await page.evaluate(check, ...asked)).map((fault) => `${title}: ${fault}`));
  const usual = { media: 'screen', colorScheme: 'light', forcedColors: 'none', reducedMotion: 'reduce' };

  faults.push(...await htmlFaults(html, { mail }));
  await page.emulateMedia(usual);
  await page.evaluate(axe);
  await look('less motion', moving);
  if (!mail) {
    await page.keyboard.press('Tab');
    await look('keyboard', focusOutOfSight);
  }
  if (!rare) {
    await look('light', violations, tags);
    await letters(32);
    await look('text at 200%', lostWhenLarge);
    await letters(16);
    await page.emulateMedia({ ...usual, forcedColors: 'active' });
    await look('forced colours', illegible, false);
    if (!mail) {
      await page.emulateMedia({ ...usual, media: 'print' });
      await look('print', illegible, true);
      await look('print', notForPaper);
    }
  }
  if (rare) await screen(PHONE);
  await page.emulateMedia({ ...usual, colorScheme: 'dark' });
  await look('dark', violations, { type: 'rule', values: COLOUR });
  await page.emulateMedia(usual);
  await screen(PHONE);
  await look('phone', violations, tags);
  await look('phone', sideways);
  await screen(DESK);
  return faults;
}

// The functions below run inside the page, each by itself: they can use nothing from outside.

async function violations(rules) {
  const { violations: found } = await globalThis.axe.run(document, { runOnly: rules, resultTypes: ['violations'] });
  return found.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.html.slice(0, 200)).slice(0, 2).join(' | ')}`);
}

function sideways() {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.body.querySelectorAll('*')].find((element) => element.getBoundingClientRect().right > clientWidth + 1 && !element.closest('.table-scroll, .skip'));
  return [`scrolls sideways by ${scrollWidth - clientWidth} pixels: ${wide?.outerHTML.slice(0, 200)}`];
}

function moving() {
  return [...document.querySelectorAll('*')].filter((element) => {
    const style = getComputedStyle(element);
    return style.animationName !== 'none' || style.transitionDuration.split(', ').some((time) => Number.parseFloat(time) > 0);
  }).slice(0, 3).map((element) => `moves: ${element.outerHTML.slice(0, 150)}`);
}

/** Goes to each stop as the Tab key would: it takes the focus, shows an outline that stands out, and nothing covers it. */
function focusOutOfSight() {
  const faults = [];
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  const standsOut = (a, b) => { const [x, y] = [light(a), light(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05) >= 3; };
  const outlined = (element) => {
    const style = getComputedStyle(element);
    return style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 2 && standsOut(channels(style.outlineColor), behind(element.parentElement));
  };
  const stops = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]')]
    .filter((stop) => stop.tabIndex >= 0 && !stop.disabled && stop.checkVisibility({ visibilityProperty: true }));
  for (const stop of stops) {
    const words = stop.outerHTML.slice(0, 120);
    if (stop.tabIndex > 0) faults.push(`jumps the queue: ${words}`);
    stop.focus();
    if (document.activeElement !== stop) { faults.push(`takes no focus: ${words}`); continue; }
    const labels = [...(stop.labels ?? [])];
    const seen = outlined(stop) || labels.some(outlined) || [...stop.querySelectorAll('path, polygon')].some((shape) => getComputedStyle(shape).strokeWidth >= '2');
    if (!seen) faults.push(`shows no outline: ${words}`);
    const box = stop.getClientRects()[0];
    const middle = (from, to, end) => (Math.max(from, 0) + Math.min(to, end)) / 2;
    const top = document.elementFromPoint(middle(box.left, box.right, innerWidth), middle(box.top, box.bottom, innerHeight));
    const own = top && (stop.contains(top) || top.contains(stop) || labels.some((label) => label.contains(top)));
    if (!own) faults.push(`is covered by ${top?.outerHTML.slice(0, 80)}: ${words}`);
  }
  document.activeElement?.blur();
  scrollTo(0, 0);
  return faults.slice(0, 5);
}

/** With letters twice as large nothing is cut off, covered or pushed out of the window. */
function lostWhenLarge() {
  const root = document.documentElement;
  const faults = Number.parseFloat(getComputedStyle(root).fontSize) > 30 ? [] : ['letters did not grow'];
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.body.querySelectorAll('*')].find((element) => element.getBoundingClientRect().right > root.clientWidth + 1 && !element.closest('.table-scroll, .skip'));
    faults.push(`scrolls sideways by ${root.scrollWidth - root.clientWidth} pixels: ${wide?.outerHTML.slice(0, 200)}`);
  }
  const hidden = (value) => value === 'hidden' || value === 'clip';
  for (const element of document.body.querySelectorAll('*')) {
    if (!element.innerText?.trim() || element.closest('.unseen, svg, select') || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    if (element.clientWidth <= 1 || !(hidden(style.overflowX) || hidden(style.overflowY))) continue;
    const box = element.getBoundingClientRect();
    const out = [...element.querySelectorAll('*')].find((inner) => {
      if (!inner.innerText?.trim() || inner.closest('.unseen, svg') || inner.children.length > 0) return false;
      const { left, right, top, bottom } = inner.getBoundingClientRect();
      return (hidden(style.overflowX) && (left < box.left - 2 || right > box.right + 2)) || (hidden(style.overflowY) && (top < box.top - 2 || bottom > box.bottom + 2));
    });
    if (out) faults.push(`cut off: ${out.outerHTML.slice(0, 150)}`);
  }
  for (const text of document.querySelectorAll('svg text')) {
    if (!text.checkVisibility()) continue;
    const [inner, outer] = [text.getBoundingClientRect(), text.ownerSVGElement.getBoundingClientRect()];
    if (inner.left < outer.left - 2 || inner.right > outer.right + 2 || inner.top < outer.top - 4 || inner.bottom > outer.bottom + 4) faults.push(`leaves its picture: ${text.outerHTML.slice(0, 150)}`);
  }
  return faults.slice(0, 5);
}

/** Words that stand out too little from what is behind them; on paper what is behind has to be white. */
function illegible(onPaper) {
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  const faults = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() && faults.size < 4) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest('svg, option, .unseen, script, title') || !element.checkVisibility({ visibilityProperty: true })) continue;
    const [ink, ground] = [light(channels(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    if (contrast < 4.5) faults.add(`${contrast.toFixed(1)} to 1: ${element.outerHTML.slice(0, 150)}`);
    if (onPaper && ground < 0.95) faults.add(`not on white: ${element.outerHTML.slice(0, 150)}`);
    if (onPaper && ink > 0.15) faults.add(`not in black: ${element.outerHTML.slice(0, 150)}`);
  }
  return [...faults];
}

/** What can only be pressed stays off the paper; the heading and the words are on it. */
function notForPaper() {
  const faults = [...document.querySelectorAll('nav, .site-head ul, button, a.button, .skip, [type="submit"]')]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }))
    .map((element) => `is printed: ${element.outerHTML.slice(0, 120)}`);
  for (const words of document.querySelectorAll('main details > :not(summary)')) {
    if (!words.closest('.filters, .no-print') && !words.checkVisibility()) faults.push(`stays folded: ${words.parentElement.outerHTML.slice(0, 120)}`);
  }
  const main = document.querySelector('main');
  if (!main?.querySelector('h1')?.checkVisibility()) faults.push('the heading is missing');
  if (!main?.innerText.trim()) faults.push('the words are missing');
  return faults.slice(0, 4);
}
