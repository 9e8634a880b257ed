"""Markdown files to ingest, the same for the same seed; each holds a word that stands nowhere else."""

import random

SUBJECTS = "invoice parcel password invitation subscription printer voucher headset mailbox calendar".split()
VERBS = "arrives disappears expires renews fails returns opens closes moves waits".split()
PLACES = "portal warehouse settings counter account archive basket profile branch terminal".split()


def marker(kind, *numbers):
    """A word of letters alone, as search also finds the parts of a word with digits."""
    return (
        "zq" + kind + "x".join("".join("bcdfghjklm"[int(digit)] for digit in str(n)) for n in numbers) + "z"
    )


def paragraph(random, words=90):
    sentence = []
    for _ in range(words // 9):
        sentence.append(
            f"The {random.choice(SUBJECTS)} {random.choice(VERBS)} in the {random.choice(PLACES)} "
            f"after {random.randint(2, 900)} days."
        )
    return " ".join(sentence)


def markdown(seed, number, edition=0):
    """Three sections; another edition differs in the last one."""
    fixed, edited = random.Random(f"{seed}/{number}"), random.Random(f"{seed}/{number}/{edition}")
    return (
        f"# Article {number}\n\nThis is {marker('article', number, edition)}.\n\n"
        f"## Before\n\n{paragraph(fixed)}\n\n{paragraph(fixed)}\n\n"
        f"## During\n\n{paragraph(fixed)}\n\n"
        f"## After\n\n{paragraph(edited)}\n"
    )


def write(folder, seed, numbers, edition=0):
    for number in numbers:
        path = folder / f"part{number % 17:02}" / f"d{number:05}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(markdown(seed, number, edition))
