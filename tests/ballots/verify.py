#!/usr/bin/env python3
"""A second verifier of a ballot's published files, in Python's standard library alone.

It shares no code with the program: it was written from the forms of the files and from the texts of the rules, whose
count it borrows from the second counter, tests/counting/recount.py. It asks the same eight questions in the same order,
stops at the first that fails and exits with its number, or with 0.

    verify.py FOLDER [--code CODE]
"""

import argparse
import hashlib
import json
import os
import re
import sys
from collections import Counter
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "counting"))
import recount  # noqa: E402

# --- Ed25519, RFC 8032 ---------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def point(data):
    """The point that 32 bytes stand for, as (X, Y, Z, XY/Z), or None."""
    number = int.from_bytes(data, "little")
    y, odd = number & (2**255 - 1), number >> 255
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return (x, y, 1, x * y % P)


def add(a, b):
    first = (a[1] - a[0]) * (b[1] - b[0]) % P
    second = (a[1] + a[0]) * (b[1] + b[0]) % P
    third, fourth = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = second - first, fourth - third, fourth + third, second + first
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number, a):
    total = (0, 1, 1, 0)
    while number:
        total = add(total, a) if number & 1 else total
        a, number = add(a, a), number >> 1
    return total


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def has_signed(key, message, signature):
    """Whether the signature, as hex digits, is the key's over the message."""
    if not re.fullmatch("[0-9a-f]{128}", signature):
        return False
    signature = bytes.fromhex(signature)
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(s, BASE), add(r, times(challenge, a))
    return all((left[at] * right[2] - right[at] * left[2]) % P == 0 for at in (0, 1))


# --- texts ---------------------------------------------------------------------------


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).hexdigest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def code_of(commitment):
    bits = int(sha(b"pb1t", bytes.fromhex(commitment))[:16], 16) >> 14
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[bits >> 5 * (9 - at) & 31] for at in range(10))


class Wrong(Exception):
    """A step that fails."""


def need(condition, words):
    if not condition:
        raise Wrong(words)


# --- counting ------------------------------------------------------------------------


def reaches(part, whole, share):
    """Whether a part reaches a share of the whole, such as {"at_least": "2/3"}."""
    ((how, text),) = share.items()
    wanted = Fraction(text) * whole
    return part > wanted if how == "more_than" else part >= wanted


def decide(terms, votes_for, votes_against, abstentions, electorate):
    cast = votes_for + votes_against + abstentions
    quorum = terms["quorum"]
    if quorum:
        present = cast if quorum["abstentions_count"] else votes_for + votes_against
        if not reaches(present, electorate, quorum["of"]):
            return "no_quorum"
    base = {"cast": cast, "for_and_against": votes_for + votes_against, "entitled": electorate}[terms["base"]]
    if terms["majority"] == "simple":
        carried = votes_for > votes_against
    elif terms["majority"] == "absolute":
        carried = 2 * votes_for > base
    else:
        carried = reaches(votes_for, base, terms["majority"])
    return "carried" if carried and votes_for else "not_carried"


def most_votes(election, rule):
    """Approval and single choice: one vote for each option marked, the most are elected, else the lot decides."""
    count = recount.Count(election, rule, 0, election.seats)
    for paper in election.papers:
        for (option,) in paper.ranks:
            count.votes[option] += 1
    while count.places_left() and count.continuing():
        most = max(count.votes[c] for c in count.continuing())
        equal = [c for c in count.continuing() if count.votes[c] == most]
        if len(equal) <= count.places_left():
            count.elect(equal)
        else:
            count.elect([count.break_tie("election", equal, [], max)])
    count.stage("first preferences", [])
    marked = sum(1 for paper in election.papers if paper.ranks)
    # On approval papers there are more votes than papers, so the sum is checked by the votes.
    report = count.report(sum(count.votes.values()), len(election.papers) - marked, 0)
    return report | {"valid_votes": marked}


def recounted(manifest, ballot, papers, seed):
    """What result.json must say; who is excluded together has no order."""
    ((kind, terms),) = manifest["kind"].items()
    names = [option["name"] for option in manifest["options"]]
    blank = sum(1 for choices in papers if not choices)
    size = manifest["roll"]["size"]
    if blank == len(papers):
        verdict = {"no_result": {}}
    elif kind == "motion":
        yes, no, neither = (papers.count([option]) for option in (1, 2, 3))
        decision = decide(terms, yes, no, neither, size)
        verdict = {
            "motion": {"votes_for": yes, "votes_against": no, "abstentions": neither, "decision": decision}
        }
    else:
        lots = sorted(range(len(names)), key=lambda c: sha(f"{seed}\n{names[c]}".encode()))
        reopen = len(names) - 1 if terms.get("reopen") else None
        cast = [recount.Paper(1, [[option - 1] for option in choices]) for choices in papers]
        election = recount.Election(names, terms["seats"], [], cast, lots, reopen)
        if kind == "ranked":
            count = recount.RULES[terms["method"]](election)
        else:
            count = most_votes(election, {"approval": "approval", "single": "single-choice"}[kind])
        count["title"] = manifest["title"]
        count["seats"] = 1 if terms.get("method") == "irv" else terms["seats"]
        elected = [names.index(name) for name in count["elected"]]
        verdict = {
            "elected": {
                "elected": [c + 1 for c in elected if c != reopen],
                "reopened": elected.count(reopen),
                "count": count,
            }
        }
    return {
        "format": "breakthrough-result/1",
        "ballot": ballot,
        "electorate": size,
        "papers": len(papers),
        "blank": blank,
        "lots_seed": seed,
        "verdict": verdict,
    }


def are_choices(manifest, choices):
    ((kind, terms),) = manifest["kind"].items()
    options = len(manifest["options"])
    most = {"motion": 1, "single": 1, "approval": options}.get(kind) or terms["most_ranks"] or options
    return (
        isinstance(choices, list)
        and all(type(number) is int and 1 <= number <= options for number in choices)
        and len(set(choices)) == len(choices) <= most
        and (kind != "approval" or choices == sorted(choices))
    )


def papers_in(file):
    """A ballot file as {ranking: how many}, its names, and its head."""
    lines = file.decode().splitlines()
    end = lines.index("0")
    found = {}
    for line in lines[1:end]:
        weight, *ranking, stop = line.split()
        need(stop == "0", "a line of papers.blt has no end")
        found[tuple(map(int, ranking))] = int(weight)
    return lines[0], found, lines[end + 1 :]


# --- the eight steps -----------------------------------------------------------------


class Verifier:
    def __init__(self, folder, code):
        self.folder = folder
        self.code = code

    def file(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def lines(self, name):
        return self.file(name).removesuffix(b"\n").split(b"\n")

    def signatures(self):
        data = self.file("manifest.json")
        self.manifest = json.loads(data)
        need(canonical(self.manifest) == data, "manifest.json is not canonical")
        need(self.manifest["format"] == "breakthrough-ballot/1", "manifest.json has another format")
        self.ballot = sha(data)
        key = bytes.fromhex(self.manifest["board_key"])
        sums = self.file("SHA256SUMS")
        need(has_signed(key, sums, self.file("SHA256SUMS.sig").decode().removesuffix("\n")), "SHA256SUMS.sig is false")
        names = ["board.jsonl", "manifest.json", "openings.jsonl", "result.json", "roll.csv"]
        names += ["papers.blt"] if "ranked" in self.manifest["kind"] else []
        there = {name for name in os.listdir(self.folder) if not name.startswith(".")}
        need(there == {*names, "SHA256SUMS", "SHA256SUMS.sig"}, "files are missing or strange")
        wanted = "".join(f"{sha(self.file(name))}  {name}\n" for name in sorted(names))
        need(sums.decode() == wanted, "the hashes of the files are others")
        self.board = [json.loads(line) for line in self.lines("board.jsonl")]
        for line, signed in zip(self.lines("board.jsonl"), self.board):
            need(set(signed) == {"entry", "hash", "signature"}, "an entry has other fields")
            need(canonical(signed) == line, "an entry is not canonical")
            need(sha(b"pb1b", canonical(signed["entry"])) == signed["hash"], "the hash of an entry is another")
            message = b"pb1b" + bytes.fromhex(signed["hash"])
            need(has_signed(key, message, signed["signature"]), "the signature of an entry is false")

    def chain(self):
        live, seen, prev, time, small = set(), set(), "0" * 64, "", False
        for number, signed in enumerate(self.board, 1):
            entry = signed["entry"]
            ((what, said),) = entry["what"].items()
            need(entry["n"] == number, f"entry {number} has another number")
            need(entry["prev"] == prev, f"entry {number} does not follow")
            need(entry["ballot"] == self.board[0]["entry"]["ballot"], f"entry {number} is of another ballot")
            need(entry["at"] >= time, f"entry {number} is too early")
            need((what == "opened") == (number == 1), "the opening is not first")
            need((what == "closed") == (number == len(self.board)), "the close is not last")
            need(not small or what == "closed", "a small batch is not last")
            for commitment in said.get("withdrawn", []):
                need(commitment in live, f"entry {number} withdraws what is not there")
                live.remove(commitment)
            added = said.get("added", [])
            need(not seen & set(added), f"entry {number} adds what was there")
            for some in (added, said.get("withdrawn", [])):
                need(some == sorted(set(some)), f"entry {number} is not in order")
            small = what == "batch" and len(added) + len(said["withdrawn"]) < 20
            live |= set(added)
            seen |= set(added)
            need(what == "opened" or said["papers"] == len(live), f"entry {number} counts wrong")
            prev, time = signed["hash"], entry["at"]
        need(time >= self.manifest["closes_at"], "the ballot was closed before its time")
        self.live, self.closed = sorted(live), self.board[-1]

    def one_ballot(self):
        need(self.board[0]["entry"]["ballot"] == self.ballot, "the board is of another ballot")
        need(json.loads(self.file("result.json")).get("ballot", self.ballot) == self.ballot, "so is the result")
        self.papers = self.lines("openings.jsonl") if self.file("openings.jsonl") else []
        for line in self.papers:
            need(json.loads(line).get("ballot", self.ballot) == self.ballot, "a paper is of another ballot")

    def opened(self):
        commitments = [sha(b"pb1", line) for line in self.papers]
        need(commitments == self.live, "the papers are not those of the board, each once and in order")
        self.codes = {code_of(commitment): line for commitment, line in zip(commitments, self.papers)}
        need(len(self.codes) == len(self.papers), "two papers have one code")

    def totals(self):
        head, *members = self.lines("roll.csv")
        need(head == b"entry,voted", "roll.csv has another head")
        need(all(re.fullmatch(rb"[0-9a-f]{64},[01]", line) for line in members), "a line of roll.csv is another")
        entries = [line[:64] for line in members]
        need(entries == sorted(set(entries)), "roll.csv is not in order")
        need(len(entries) == self.manifest["roll"]["size"], "the roll has another size")
        print_of_roll = sha(b"pb1r", *(bytes.fromhex(entry.decode()) for entry in entries))
        need(print_of_roll == self.manifest["roll"]["fingerprint"], "this is another roll")
        voted = sum(line.endswith(b"1") for line in members)
        closed = self.closed["entry"]["what"]["closed"]["voted"]
        need(voted == closed == len(self.papers), "papers and voters differ in number")

    def rules(self):
        sizes = {len(line) for line in self.papers}
        need(len(sizes) <= 1, "papers differ in size")
        self.choices = []
        for line in self.papers:
            paper = json.loads(line)
            need(set(paper) == {"ballot", "choices", "mark", "nonce"}, "a paper has other fields")
            need(canonical(paper) == line.rstrip(b" "), "a paper is not canonical")
            need(re.fullmatch("[0-9]{6}", paper["mark"]), "a mark is not six digits")
            need(re.fullmatch("[0-9a-f]{64}", paper["nonce"]), "a nonce is not 32 bytes")
            need(are_choices(self.manifest, paper["choices"]), "a paper is not filled in by the rules")
            self.choices.append(paper["choices"])

    def recount(self):
        data = self.file("result.json")
        result = json.loads(data)
        need(canonical(result) == data, "result.json is not canonical")
        elected = result.get("verdict", {}).get("elected") or {}
        for stage in elected.get("count", {}).get("stages", []):
            stage["of"].sort()
        wanted = recounted(self.manifest, self.ballot, self.choices, self.closed["hash"])
        need(result == wanted, f"the count gives {json.dumps(wanted)}")
        if terms := self.manifest["kind"].get("ranked"):
            head, found, texts = papers_in(self.file("papers.blt"))
            need(head == f"{len(self.manifest['options'])} {terms['seats']}", "papers.blt has another head")
            need(found == dict(Counter(map(tuple, self.choices))), "papers.blt has other papers")
            names = [option["name"] for option in self.manifest["options"]] + [self.manifest["title"]]
            written = [name.replace("\\", "\\\\").replace('"', '\\"') for name in names]
            need(texts == [f'"{name}"' for name in written], "papers.blt has other names")

    def mine(self):
        if self.code:
            need(self.code in self.codes, f"no paper has the code {self.code}")
            print(self.codes[self.code].decode().rstrip())


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("folder")
    arguments.add_argument("--code", type=lambda text: re.sub("[^0-9A-Z]", "", text.upper()))
    chosen = arguments.parse_args()
    verifier = Verifier(chosen.folder, chosen.code)
    steps = "signatures chain one_ballot opened totals rules recount mine".split()
    for number, step in enumerate(steps, 1):
        try:
            getattr(verifier, step)()
        except (Wrong, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            print(f"{number} of 8 is wrong: {error!r}")
            sys.exit(number)
    print("The bundle is right.")


if __name__ == "__main__":
    main()
