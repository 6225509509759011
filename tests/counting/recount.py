#!/usr/bin/env python3
"""A second counter, written from the texts of the rules and from nothing else.

It shares no code and no data structure with the program: each paper is counted on its
own, numbers are fractions that are cut off where the rule says so, and nothing is done
for speed. It makes random elections from a seed, counts them by every rule, and either
compares the program's answers (--program) or writes files and answers (--out), which
the test suite compares.

    recount.py --program target/debug/breakthrough --elections 2000 --seed 1
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from fractions import Fraction
from math import floor

# --- elections -----------------------------------------------------------------------


class Paper:
    """A paper: how many of them, and ranks, each a list of candidates; [] is a number left out."""

    def __init__(self, weight, ranks):
        self.weight = weight
        self.ranks = ranks


class Election:
    """`lots` are all candidates as their lots were drawn, first lot first, and `reopen` is the
    candidate that stands for re-opening nominations, or None."""

    def __init__(self, names, seats, withdrawn, papers, lots, reopen):
        self.names = names
        self.seats = seats
        self.withdrawn = withdrawn
        self.papers = papers
        self.standing = [c for c in range(len(names)) if c not in withdrawn]
        self.lots = lots
        self.reopen = reopen


def random_election(rng):
    n = rng.choice([1, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9])
    seats = rng.randint(1, n)
    # Few papers make ties; many with large weights make decimals.
    heaviest = rng.choice([1, 3, 20, 400, 5000])
    kinds = rng.choice([0, 2, 5, 12, 40])
    if rng.random() < 0.4:
        # Candidates who are equal late after having been unequal early.
        n, heaviest, kinds = rng.randint(5, 9), 2, rng.randint(8, 25)
        seats = rng.randint(1, n // 2)
    names = [f"C{c + 1}" for c in range(n)]
    withdrawn = [c for c in range(n) if rng.random() < 0.08]
    popular = [rng.random() + 0.1 for _ in range(n)]
    papers = []
    for _ in range(kinds):
        order = sorted(range(n), key=lambda c: rng.expovariate(popular[c]))
        order = order[: rng.randint(0, n) if rng.random() < 0.6 else n]
        ranks = []
        for c in order:
            chance = rng.random()
            if chance < 0.04 and ranks and ranks[-1]:
                ranks[-1].append(c)
            elif chance < 0.06:
                ranks.extend([[], [c]])
            else:
                ranks.append([c])
        papers.append(Paper(rng.randint(1, heaviest), ranks))
    lots = list(range(n))
    if rng.random() < 0.3:
        rng.shuffle(lots)
    reopen = rng.randrange(n) if rng.random() < 0.3 else None
    return Election(names, seats, withdrawn, papers, lots, None if reopen in withdrawn else reopen)


def write_blt(election):
    lines = [f"{len(election.names)} {election.seats}"]
    lines += [f"-{c + 1}" for c in election.withdrawn]
    for paper in election.papers:
        ranks = ["=".join(str(c + 1) for c in rank) if rank else "-" for rank in paper.ranks]
        lines.append(" ".join([str(paper.weight), *ranks, "0"]))
    lines.append("0")
    lines += [f'"{name}"' for name in election.names]
    lines.append('"Random"')
    return "\n".join(lines) + "\n"


def order_of_preference(election, ranks):
    """The candidates in order until the first number that is left out or shared."""
    order = []
    for rank in ranks:
        if not rank:
            break
        standing = [c for c in rank if c in election.standing]
        if len(standing) > 1:
            break
        order += standing
    return order


# --- what all counts write down ------------------------------------------------------


class Count:
    def __init__(self, election, rule, decimals, seats):
        self.e = election
        self.rule = rule
        self.decimals = decimals
        self.seats = seats
        self.votes = {c: Fraction(0) for c in election.standing}
        self.state = {c: "continuing" for c in election.standing}
        self.lost = Fraction(0)
        self.quota = Fraction(0)
        self.elected = []
        self.fresh = []
        self.history = []
        self.stages = []
        self.ties = []

    def cut(self, number, decimals=None):
        unit = 10 ** (self.decimals if decimals is None else decimals)
        return Fraction(floor(number * unit), unit)

    def continuing(self):
        return [c for c in self.e.standing if self.state[c] == "continuing"]

    def places_left(self):
        return self.seats - len(self.elected)

    def last_contest(self):
        """Whether one more continues than there are places: now everyone may be excluded."""
        return len(self.continuing()) <= self.places_left() + 1

    def excludable(self):
        return [c for c in self.continuing() if c != self.e.reopen or self.last_contest()]

    def lot(self, candidate):
        return self.e.lots.index(candidate)

    def elect(self, candidates):
        for c in sorted(candidates, key=lambda c: (-self.votes[c], self.lot(c))):
            self.state[c] = "elected"
            self.elected.append(c)
            self.fresh.append(c)

    def point(self):
        self.history.append(dict(self.votes))

    def stage(self, action, of):
        self.stages.append((action, list(of), dict(self.votes), dict(self.state), self.lost, self.fresh))
        self.fresh = []

    def break_tie(self, what, tied, points, best):
        """Of those still equal, the one whose lot came first is the one chosen."""
        tied = sorted(tied)
        if len(tied) == 1:
            return tied[0]
        left = tied
        for past in points:
            extreme = best(past[c] for c in left)
            left = [c for c in left if past[c] == extreme]
            if len(left) == 1:
                break
        chosen = min(left, key=self.lot)
        self.ties.append((len(self.stages) + 1, what, tied, "prior stage" if len(left) == 1 else "lot", chosen))
        return chosen

    def written(self, number, decimals=None):
        decimals = self.decimals if decimals is None else decimals
        unit = number * 10**decimals
        assert unit.denominator == 1, f"{number} has more than {decimals} decimals"
        digits = str(unit.numerator).rjust(decimals + 1, "0")
        return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits

    def report(self, valid, invalid, quota_decimals):
        def names(candidates):
            return [self.e.names[c] for c in candidates]

        stages = []
        for number, (action, of, votes, state, lost, fresh) in enumerate(self.stages, 1):
            assert sum(votes.values()) + lost == valid
            tally = [
                {"candidate": self.e.names[c], "votes": self.written(votes[c]), "status": state[c]}
                for c in self.e.standing
            ]
            stages.append(
                {
                    "stage": number,
                    "action": action,
                    "of": sorted(names(of)),
                    "tally": tally,
                    "non_transferable": self.written(lost),
                    "elected": names(fresh),
                }
            )
        ties = [
            {
                "stage": stage,
                "what": what,
                "candidates": names(tied),
                "decided_by": by,
                "chosen": self.e.names[chosen],
            }
            for stage, what, tied, by, chosen in self.ties
        ]
        reopened = {}
        if self.e.reopen is not None:
            reopened["reopen_nominations"] = self.e.names[self.e.reopen]
            reopened["reopened_places"] = self.elected.count(self.e.reopen)
        return reopened | {
            "rule": self.rule,
            "title": "Random",
            "seats": self.seats,
            "valid_votes": valid,
            "invalid_votes": invalid,
            "quota": self.written(self.quota, quota_decimals),
            "elected": names(self.elected),
            "stages": stages,
            "ties": ties,
        }


def sort_valid(election):
    valid, invalid = [], 0
    for paper in election.papers:
        order = order_of_preference(election, paper.ranks)
        if order:
            valid.append((paper.weight, order))
        else:
            invalid += paper.weight
    return valid, invalid


def next_of(order, holder, may_receive):
    """The next preference after the candidate that holds the paper."""
    after = order[order.index(holder) + 1 :]
    return next((c for c in after if c in may_receive), None)


# --- Scottish Local Government Elections Order 2011, schedule 1, rules 46 to 53 ------


def scottish(election):
    count = Count(election, "scottish-stv", 5, election.seats)
    valid, invalid = sort_valid(election)
    total = sum(weight for weight, _ in valid)
    # Each paper is [how many, order, holder, value].
    papers = [[weight, order, order[0], Fraction(1)] for weight, order in valid]
    for weight, _, holder, _ in papers:
        count.votes[holder] += weight
    count.quota = Fraction(total // (election.seats + 1) + 1)
    transferred = set()

    def end(action, of):
        count.elect([c for c in count.continuing() if count.votes[c] >= count.quota])
        if len(count.continuing()) <= count.places_left():
            count.elect(count.continuing())
        count.stage(action, of)
        count.point()

    end("first preferences", [])
    while count.places_left() and count.continuing():
        back = list(reversed(count.history))
        over = [c for c in count.elected if count.votes[c] > count.quota and c not in transferred]
        if over:
            highest = max(count.votes[c] for c in over)
            donor = count.break_tie("surplus", [c for c in over if count.votes[c] == highest], back, max)
            transferred.add(donor)
            surplus, held = count.votes[donor] - count.quota, count.votes[donor]
            may_receive = count.continuing()
            given = Fraction(0)
            for paper in papers:
                if paper[2] == donor:
                    receiver = next_of(paper[1], donor, may_receive)
                    paper[2] = receiver
                    if receiver is not None:
                        paper[3] = count.cut(surplus * paper[3] / held)
                        count.votes[receiver] += paper[0] * paper[3]
                        given += paper[0] * paper[3]
            count.votes[donor] = count.quota
            count.lost += surplus - given
            end("surplus", [donor])
        else:
            lowest = min(count.votes[c] for c in count.excludable())
            tied = [c for c in count.excludable() if count.votes[c] == lowest]
            out = count.break_tie("exclusion", tied, back, min)
            count.state[out] = "excluded"
            count.votes[out] = Fraction(0)
            for paper in papers:
                if paper[2] == out:
                    paper[2] = next_of(paper[1], out, count.continuing())
                    if paper[2] is None:
                        count.lost += paper[0] * paper[3]
                    else:
                        count.votes[paper[2]] += paper[0] * paper[3]
            end("exclusion", [out])
    return count.report(total, invalid, 0)


# --- ERS97, section 5 ----------------------------------------------------------------


def ers97(election):
    count = Count(election, "ers97", 2, election.seats)
    valid, invalid = sort_valid(election)
    total = sum(weight for weight, _ in valid)
    # Each paper is [how many, order, holder, value, number of the batch it came in].
    papers = [[weight, order, order[0], Fraction(1), 0] for weight, order in valid]
    for paper in papers:
        count.votes[paper[2]] += paper[0]
    last_batch = {c: 0 for c in election.standing}
    batches = 0

    def to_quota(votes):
        exact = votes / (election.seats + 1)
        cut = count.cut(exact)
        return cut if cut == exact else cut + Fraction(1, 100)

    def deem():
        while count.places_left():
            continuing = sorted(count.continuing(), key=lambda c: (-count.votes[c], count.lot(c)))
            if not continuing:
                return
            votes = count.votes[continuing[0]]
            # 6.20: the votes of continuing candidates and all that waits to be transferred.
            waiting = sum(max(count.votes[c] - count.quota, 0) for c in count.elected)
            pending = sum(count.votes[c] for c in election.standing if count.state[c] == "excluded")
            active = sum(count.votes[c] for c in continuing) + waiting + pending
            if votes < count.quota and votes < active / (count.places_left() + 1):
                return
            equal = [c for c in continuing if count.votes[c] == votes]
            if len(equal) <= count.places_left():
                count.elect(equal)
                continue
            # 5.6.2, by ordering the equal ones by all points at once.
            places = count.places_left()
            record = {c: [past[c] for past in count.history] for c in equal}
            someone = False
            while places:
                best = max(record[c] for c in equal)
                ahead = [c for c in equal if record[c] == best]
                if len(ahead) > places:
                    break
                for c in sorted(ahead, key=count.lot):
                    count.ties.append((len(count.stages) + 1, "election", sorted(equal), "prior stage", c))
                count.elect(ahead)
                someone = True
                places -= len(ahead)
                equal = [c for c in equal if c not in ahead]
            if not someone:
                return

    count.quota = to_quota(Fraction(total))
    count.point()
    deem()
    count.stage("first preferences", [])
    while count.places_left() and count.continuing():
        continuing = count.continuing()
        if len(continuing) <= count.places_left():
            count.elect(continuing)
            count.stage("completion", [])
            break
        over = [c for c in count.elected if count.votes[c] > count.quota]
        surpluses = sum(count.votes[c] - count.quota for c in over)
        rising = sorted(count.excludable(), key=lambda c: count.votes[c])
        # Enough must stay, and re-open nominations must meet a last contest.
        stay = count.places_left()
        if count.e.reopen in continuing and not count.last_contest():
            stay += 1
        # 5.2.2 and 5.2.5 ask the same question: which groups could be excluded?
        possible = [
            k
            for k in range(1, min(len(continuing) - stay, len(rising) - 1) + 1)
            if sum(count.votes[c] for c in rising[:k]) + surpluses <= count.votes[rising[k]]
        ]
        if surpluses and not possible:
            largest = max(count.votes[c] for c in over)
            tied = [c for c in over if count.votes[c] == largest]
            donor = count.break_tie("surplus", tied, count.history, max)
            surplus = count.votes[donor] - count.quota
            batch = [p for p in papers if p[2] == donor and p[4] == last_batch[donor]]
            receivers = [next_of(p[1], donor, continuing) for p in batch]
            number = sum(p[0] for p, r in zip(batch, receivers) if r is not None)
            worth = sum(p[0] * p[3] for p, r in zip(batch, receivers) if r is not None)
            value = count.cut(surplus / number) if worth > surplus else None
            batches += 1
            given = Fraction(0)
            for paper, receiver in zip(batch, receivers):
                paper[2] = receiver
                if receiver is not None:
                    paper[3] = paper[3] if value is None else value
                    paper[4] = last_batch[receiver] = batches
                    count.votes[receiver] += paper[0] * paper[3]
                    given += paper[0] * paper[3]
            count.votes[donor] = count.quota
            count.lost += surplus - given
            count.point()
            deem()
            count.stage("surplus", [donor])
            continue
        wanted = possible[-1]
        out = []
        while len(out) < wanted:
            left = [c for c in rising if c not in out]
            lowest = min(count.votes[c] for c in left)
            tied = [c for c in left if count.votes[c] == lowest]
            if len(out) + len(tied) <= wanted:
                out += tied
            else:
                out.append(count.break_tie("exclusion", tied, count.history, min))
        if len(continuing) - len(out) == count.places_left():
            count.elect([c for c in continuing if c not in out])
            count.stage("completion", [])
            break
        for c in out:
            count.state[c] = "excluded"
        for value in sorted({p[3] for p in papers if p[2] in out}, reverse=True):
            batches += 1
            may_receive = count.continuing()
            newly_lost = False
            for paper in papers:
                if paper[2] in out and paper[3] == value and paper[4] != batches:
                    count.votes[paper[2]] -= paper[0] * value
                    receiver = next_of(paper[1], paper[2], may_receive)
                    paper[2] = receiver
                    if receiver is None:
                        count.lost += paper[0] * value
                        newly_lost = True
                    else:
                        paper[4] = last_batch[receiver] = batches
                        count.votes[receiver] += paper[0] * value
            if newly_lost and not count.elected:
                count.quota = to_quota(total - count.lost)
            count.point()
            deem()
            if not count.places_left():
                break
        count.stage("exclusion", out)
    return count.report(total, invalid, 2)


# --- the Reference Meek Rule ---------------------------------------------------------


def meek(election):
    count = Count(election, "meek", 9, election.seats)
    unit = 10**9
    papers, invalid = [], 0
    for paper in election.papers:
        ranks = []
        for rank in paper.ranks:
            if not rank:
                break
            standing = [c for c in rank if c in election.standing]
            if standing:
                ranks.append(standing)
        if ranks:
            papers.append((paper.weight, ranks))
        else:
            invalid += paper.weight
    total = sum(weight for weight, _ in papers)
    keep = {c: unit for c in election.standing}  # in thousand-millionths, like all below
    votes = {}

    def up(numerator, denominator):
        return -((-numerator) // denominator)

    def distribute():
        for c in election.standing:
            votes[c] = 0
        lost = 0
        for weight, ranks in papers:
            left = unit
            for rank in ranks:
                sharing = [c for c in rank if keep[c] > 0]
                if not sharing:
                    continue
                part, left = left // len(sharing), left - len(sharing) * (left // len(sharing))
                lost += weight * left  # what can't be shared equally
                left = 0
                for c in sharing:
                    given = up(part * keep[c], unit)
                    votes[c] += weight * given
                    left += part - given
            lost += weight * left
        for c in election.standing:
            count.votes[c] = Fraction(votes[c], unit)
        count.lost = Fraction(lost, unit)
        return sum(votes.values()) // (election.seats + 1) + 1

    action, of = "first preferences", []
    if len(election.standing) <= election.seats and election.standing:
        count.quota = Fraction(distribute(), unit)
        count.stage(action, of)
    while count.places_left() and len(count.continuing()) > count.places_left():
        before = None
        while True:
            quota = distribute()
            new = [c for c in count.continuing() if votes[c] >= quota]
            surplus = max(sum(votes[c] - quota for c in count.elected + new), 0)
            if new or surplus < 1000 or (before is not None and surplus >= before):
                break
            before = surplus
            for c in count.elected:
                keep[c] = min(up(up(keep[c] * quota, unit) * unit, votes[c]), unit)
        count.quota = Fraction(quota, unit)
        count.elect(new)
        count.stage(action, of)
        if new:
            action, of = "surplus distribution", [c for c in count.elected if votes[c] > quota]
        else:
            lowest = min(votes[c] for c in count.excludable())
            tied = [c for c in count.excludable() if votes[c] <= lowest + surplus]
            out = count.break_tie("exclusion", tied, [], min)
            count.state[out] = "excluded"
            keep[out] = 0
            action, of = "exclusion", [out]
    if count.places_left() and count.continuing():
        count.elect(count.continuing())
        count.stage("completion", [])
    return count.report(total, invalid, 9)


# --- the alternative vote, rules 45A, 49 and 49A -------------------------------------


def irv(election):
    count = Count(election, "irv", 0, 1)
    valid, invalid = sort_valid(election)
    total = sum(weight for weight, _ in valid)

    def stage(action, of):
        continuing = count.continuing()
        for c in election.standing:
            count.votes[c] = Fraction(0)
        count.lost = Fraction(0)
        for weight, order in valid:
            first = next((c for c in order if c in continuing), None)
            if first is None:
                count.lost += weight
            else:
                count.votes[first] += weight
        everything = sum(count.votes.values())
        count.quota = Fraction(floor(everything / 2) + 1)
        winners = [c for c in continuing if count.votes[c] > everything - count.votes[c]]
        if winners or len(continuing) == 1:
            count.elect(winners or continuing)
        count.stage(action, of)
        count.point()

    stage("first preferences", [])
    while not count.elected and count.continuing():
        lowest = min(count.votes[c] for c in count.excludable())
        tied = [c for c in count.excludable() if count.votes[c] == lowest]
        out = count.break_tie("exclusion", tied, count.history, min)
        count.state[out] = "excluded"
        stage("exclusion", [out])
    return count.report(total, invalid, 0)


# Elections that once told a wrong count from the right one, as "SEED NUMBER".
KEPT = ["u1 10692", "omega 2876"]

RULES = {"scottish-stv": scottish, "ers97": ers97, "meek": meek, "irv": irv}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--elections", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--rule", choices=RULES, action="append")
    arguments.add_argument("--program", help="compare the answers of this program")
    arguments.add_argument("--out", help="write files and answers into this folder")
    chosen = arguments.parse_args()
    rules = chosen.rule or list(RULES)
    different = compared = 0
    with tempfile.TemporaryDirectory() as folder:
        seeds = [f"{chosen.seed} {number}" for number in range(chosen.elections)] + KEPT
        for number, seed in enumerate(seeds):
            election = random_election(random.Random(seed))
            lots = [c + 1 for c in election.lots]
            reopen = None if election.reopen is None else election.reopen + 1
            path = os.path.join(chosen.out or folder, f"{number}.blt")
            with open(path, "w", encoding="utf-8") as file:
                file.write(write_blt(election))
            answers = {rule: RULES[rule](election) for rule in rules}
            if chosen.out:
                with open(os.path.join(chosen.out, f"{number}.json"), "w", encoding="utf-8") as file:
                    json.dump({"lots": lots, "reopen": reopen, "answers": answers}, file)
            if chosen.program:
                for rule, answer in answers.items():
                    command = [chosen.program, "count", path, "--method", rule]
                    command += ["--lots", ",".join(map(str, lots))]
                    command += ["--reopen", str(reopen)] if reopen else []
                    run = subprocess.run(command, capture_output=True, check=False)
                    found = json.loads(run.stdout) if run.returncode == 0 else run.stderr.decode()
                    if run.returncode == 0:
                        for stage in found["stages"]:
                            stage["of"].sort()
                    compared += 1
                    if found != answer:
                        different += 1
                        print(f"election {seed!r}, {rule}: the counts differ", file=sys.stderr)
                        print(write_blt(election), json.dumps(answer), json.dumps(found), sep="\n", file=sys.stderr)
    if chosen.program:
        print(f"{compared} counts compared, {different} differ")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
