#!/usr/bin/env python3
"""Makes each rule deliberately wrong, one way after the other, and sees the tests catch it.

Copies the counting room and its tests into a small crate under target/ (they need no
database and no web), applies one wrong variant at a time and runs the tests there. Exits
1 if the tests pass with a wrong variant, or if a variant no longer fits the code.

    tests/counting/wrong_variants.py [WORD]      only variants whose description has WORD
    tests/counting/wrong_variants.py --every     every one that cargo-mutants can make; an hour
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CRATE = ROOT / "target" / "wrong-variants"
LONGEST = 120  # seconds for all tests of the room
MEMORY = 4 << 30  # bytes
COUNTING = "src/ballots/counting"
# Just enough of the program to run the command.
PROGRAM = """use breakthrough::ballots::counting;
use clap::Parser;

#[derive(Parser)]
enum Program {
    Count(counting::CountArgs),
}

fn main() -> std::process::ExitCode {
    let Program::Count(count) = Program::parse();
    counting::command(&count)
}
"""

VARIANTS = [
    ("scottish: the quota without the one that is added", "scottish.rs", "(terms.seats as Votes + 1) + 1) * ONE_VOTE", "(terms.seats as Votes + 1)) * ONE_VOTE"),
    ("scottish: elected only above the quota", "scottish.rs", "sheet.votes_of(*candidate) >= sheet.quota", "sheet.votes_of(*candidate) > sheet.quota"),
    ("scottish: the transfer value worked out before the multiplication", "scottish.rs", "value * surplus / total", "value * (ONE_VOTE * surplus / total) / ONE_VOTE"),
    ("scottish: the transfer value rounded up", "scottish.rs", "value * surplus / total;", "(value * surplus).div_ceil(total);"),
    ("scottish: the smallest surplus first", "scottish.rs", "TieOver::Surplus, Look::FromTheLast, Wanted::Most", "TieOver::Surplus, Look::FromTheLast, Wanted::Fewest"),
    ("scottish: ties look at the first stage", "scottish.rs", "TieOver::Exclusion, Look::FromTheLast", "TieOver::Exclusion, Look::FromTheFirst"),
    ("scottish: the last places are not filled at once", "scottish.rs", "sheet.continuing().len() <= sheet.vacancies()", "sheet.continuing().len() < sheet.vacancies()"),
    ("ers97: the quota cut off instead of rounded up", "ers97.rs", "votes.div_ceil(seats as Votes + 1)", "votes / (seats as Votes + 1)"),
    ("ers97: nobody is elected by the total active vote", "ers97.rs", "if votes < sheet.quota && !by_active_vote {", "if votes < sheet.quota {"),
    ("ers97: surpluses are never deferred", "ers97.rs", "if surpluses > 0 && lowest == 0 {", "if surpluses > 0 {"),
    ("ers97: a group may equal only less than the next", "ers97.rs", "together <= *above", "together < *above"),
    ("ers97: one exclusion at a time", "ers97.rs", "most = below + 1;", "most = 1;"),
    ("ers97: all papers of a later surplus move", "ers97.rs", "let transferable = Votes::from(papers - sorted.non_transferable);", "let transferable = Votes::from(papers);"),
    ("ers97: the lowest values first", "ers97.rs", "in by_value.into_iter().rev()", "in by_value.into_iter()"),
    ("ers97: the quota never falls", "ers97.rs", "sheet.elected().is_empty() && non_transferable > 0", "!sheet.elected().is_empty() && non_transferable > 0"),
    ("ers97: the last exclusion is carried out", "ers97.rs", "if staying == sheet.vacancies() {", "if staying < sheet.vacancies() {"),
    ("ers97: ties look at the last stage", "ers97.rs", "TieOver::Exclusion, Look::FromTheFirst", "TieOver::Exclusion, Look::FromTheLast"),
    ("meek: shares rounded down", "meek.rs", "(weight * self.keep[child_node.candidate]).div_ceil(ONE)", "(weight * self.keep[child_node.candidate]) / ONE"),
    ("meek: the quota without the last unit", "meek.rs", "/ (seats as Votes + 1) + 1", "/ (seats as Votes + 1)"),
    ("meek: ends at a larger surplus", "meek.rs", "const OMEGA: Votes = 1_000;", "const OMEGA: Votes = 1_000_000;"),
    ("meek: nobody is tied within the surplus", "meek.rs", "<= fewest + surplus", "<= fewest"),
    ("meek: keep factors rounded down", "meek.rs", "(wanted * Votes::from(ONE)).div_ceil(votes)", "(wanted * Votes::from(ONE) / votes)"),
    ("irv: half is enough", "irv.rs", "2 * sheet.votes_of(*candidate) > in_play", "2 * sheet.votes_of(*candidate) >= in_play"),
    ("irv: a majority of all papers, exhausted ones too", "irv.rs", "continuing.iter().map(|candidate| sheet.votes_of(*candidate)).sum()", "sheet.votes.iter().sum::<Votes>() + sheet.non_transferable"),
    ("irv: ties look at the last stage", "irv.rs", "Look::FromTheFirst", "Look::FromTheLast"),
    ("papers: a shared first preference is valid", "table.rs", "Shared::EndsRanking => return (rank_begins, false)", "Shared::EndsRanking => return (rank_begins + 1, false)"),
    ("papers: a number left out is passed over", "table.rs", "Mark::Skipped => return (position, set_aside)", "Mark::Skipped => standing_in_rank = 0"),
    ("re-open nominations are excluded like anybody", "sheet.rs", "if continuing.len() > self.vacancies() + 1 {", "if false {"),
    ("approval: the fewest marks are elected", "approval.rs", "sheet.votes_of(*candidate)).max();", "sheet.votes_of(*candidate)).min();"),
    ("approval: a paper for nobody is valid", "approval.rs", "if approved.is_empty() {", "if false {"),
    ("single choice: of two marks the first counts", "single_choice.rs", "(Some(candidate), None) =>", "(Some(candidate), _) =>"),
    ("motion: abstentions are votes against", "motion.rs", "Base::ForAndAgainst => votes.for_and_against()", "Base::ForAndAgainst => votes.cast()"),
    ("motion: at least is not enough", "motion.rs", "has >= needs", "has > needs"),
    ("motion: half is a majority", "motion.rs", "Fraction::HALF.reached(in_favour, base, Threshold::MoreThan)", "Fraction::HALF.reached(in_favour, base, Threshold::AtLeast)"),
    ("motion: those who abstain never make the quorum", "motion.rs", "if quorum.abstentions_count { votes.cast() }", "if quorum.abstentions_count { votes.for_and_against() }"),
    ("ties: the last lot is chosen", "ties.rs", ".min_by_key(|candidate| lots.place(*candidate))", ".max_by_key(|candidate| lots.place(*candidate))"),
]


def make_crate():
    """The room, its command and its tests alone, so that a variant is built in seconds."""
    shutil.rmtree(CRATE / "src", ignore_errors=True)
    shutil.rmtree(CRATE / "tests", ignore_errors=True)
    (CRATE / "tests" / "it").mkdir(parents=True)
    shutil.copytree(ROOT / COUNTING, CRATE / COUNTING)
    shutil.copytree(ROOT / "tests" / "counting", CRATE / "tests" / "counting")
    shutil.copytree(ROOT / "tests" / "it" / "counting", CRATE / "tests" / "it" / "counting")
    shutil.copy(ROOT / "tests" / "it" / "counting.rs", CRATE / "tests" / "it" / "counting.rs")
    for file, text in {
        "src/lib.rs": "pub mod ballots;\n",
        "src/main.rs": PROGRAM,
        "src/ballots/mod.rs": "pub mod counting;\n",
        "tests/it/main.rs": "mod counting;\n",
    }.items():
        (CRATE / file).write_text(text, encoding="utf-8")
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    lines = {name: re.search(rf"^{name} = .*$", manifest, re.M).group(0) for name in ("clap", "sha2", "serde", "serde_json", "proptest")}
    (CRATE / "Cargo.toml").write_text(
        '[package]\nname = "breakthrough"\nversion = "0.0.0"\nedition = "2024"\nautotests = false\n'
        '[lib]\ndoctest = false\n[[test]]\nname = "it"\n[[bin]]\nname = "breakthrough"\ntest = false\n[workspace]\n'
        "[dependencies]\n" + "\n".join(lines[name] for name in ("clap", "sha2", "serde", "serde_json")) + "\n"
        "[dev-dependencies]\n" + lines["proptest"] + "\n[profile.dev]\ndebug = false\n",
        encoding="utf-8",
    )
    shutil.copy(ROOT / "Cargo.lock", CRATE / "Cargo.lock")


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def tests_pass():
    """Whether the tests pass; None if the crate doesn't even compile."""
    environment = {**os.environ, "PROPTEST_CASES": "32", "RUST_BACKTRACE": "0"}
    command = ["cargo", "test", "--quiet"]
    if subprocess.run([*command, "--no-run"], cwd=CRATE, env=environment, capture_output=True, check=False).returncode:
        return None
    # A wrong rule may count for ever and write down every stage of it, so the tests run in a
    # group that can be ended, and with little memory.
    run = subprocess.Popen(
        command,
        cwd=CRATE,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=limit_memory,
    )
    try:
        return run.wait(timeout=LONGEST) == 0
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        return False


def every_mutant(arguments):
    """Runs cargo-mutants, whose survivors the README explains."""
    make_crate()
    command = ["cargo", "mutants", "--in-place", "--shuffle", "--file", "src/ballots/**", "--timeout", str(LONGEST)]
    environment = {**os.environ, "PROPTEST_CASES": "32"}
    return subprocess.run([*command, *arguments], cwd=CRATE, env=environment, check=False, preexec_fn=limit_memory).returncode


def main():
    if sys.argv[1:2] == ["--every"]:
        sys.exit(every_mutant(sys.argv[2:]))
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    if not any(word in variant[0] for variant in VARIANTS):
        sys.exit(f"no description has {word!r} in it")
    make_crate()
    if tests_pass() is not True:
        sys.exit("the tests must pass before anything is made wrong")
    faults = 0
    for description, file, right, wrong in [variant for variant in VARIANTS if word in variant[0]]:
        path = CRATE / COUNTING / file
        text = path.read_text(encoding="utf-8")
        if right not in text:
            outcome = "DOESN'T FIT the code any more"
        else:
            path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
            outcome = {True: "NOT CAUGHT", False: "caught", None: "DOESN'T COMPILE"}[tests_pass()]
            path.write_text(text, encoding="utf-8")
        faults += outcome != "caught"
        print(f"{description}: {outcome}", flush=True)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
