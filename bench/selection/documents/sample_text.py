"""Invented names, numbers and sentences for documents."""

import string

import numpy as np

_SURNAMES = ("MOKOENA", "VAN WYK", "DLAMINI", "NAIDOO", "BOTHA", "KHUMALO", "SPECIMEN", "MARTIN", "ROSSI", "OKAFOR")
_FORENAMES = ("THABO JOHN", "LERATO", "ANNA MARIA", "PIETER", "NOMSA GRACE", "LUC", "AISHA", "SIPHO", "CLAIRE ROSE")
_STATES = (
    "REPUBLIC OF AVELIA",
    "REPUBLIQUE D'ORVANE",
    "KINGDOM OF TESSMARK",
    "UNION OF LARUNDA",
    "REPUBLICA DE MIRAVAL",
)
_PLACES = ("NORTHAM", "SAINT-ORENS", "PORT ELISE", "KARUBA", "LAVENDER HILL", "MIRAVAL")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_LETTERS = "".join(letter for letter in string.ascii_uppercase if letter not in "IOQ")
_SENTENCES = (
    "We refer to your application for financial assistance received this month",
    "Please find enclosed the documents that were requested by our office",
    "The applicant confirms that the particulars given above are complete",
    "Proof of residence must not be older than three months at the time of filing",
    "Your registration number is to be quoted in all correspondence",
    "The closing balance includes all fees and interest charged to the account",
    "A certified copy of the identity document is required by regulation",
    "Payments are made on the first working day of the following month",
)

Random = np.random.Generator


def pick(random: Random, choices: tuple[str, ...]) -> str:
    """Choose one at random."""
    return choices[int(random.integers(len(choices)))]


def surname(random: Random) -> str:
    """Choose a surname."""
    return pick(random, _SURNAMES)


def forenames(random: Random) -> str:
    """Choose forenames."""
    return pick(random, _FORENAMES)


def state(random: Random) -> str:
    """Choose the name of a state."""
    return pick(random, _STATES)


def place(random: Random) -> str:
    """Choose the name of a town."""
    return pick(random, _PLACES)


def sentence(random: Random) -> str:
    """Choose a sentence of a letter."""
    return pick(random, _SENTENCES)


def date(random: Random) -> str:
    """Return a date such as 01 JAN 1980."""
    return f"{random.integers(1, 29):02d} {pick(random, _MONTHS)} {random.integers(1950, 2030)}"


def digits(random: Random, count: int) -> str:
    """Return this number of digits."""
    return "".join(str(digit) for digit in random.integers(0, 10, count))


def letters(random: Random, count: int) -> str:
    """Return this number of capital letters."""
    return "".join(_LETTERS[index] for index in random.integers(0, len(_LETTERS), count))


def machine_lines(random: Random, length: int, count: int = 2) -> list[str]:
    """Return machine-readable lines with ``<`` as filler."""
    names = f"P<{letters(random, 3)}{surname(random)}<<{forenames(random)}".replace(" ", "<")
    numbers = f"{letters(random, 2)}{digits(random, 7)}{letters(random, 3)}{digits(random, 7)}M{digits(random, 7)}"
    return [line[:length].ljust(length, "<") for line in (names, numbers, numbers[::-1])[:count]]


def fields(random: Random) -> list[tuple[str, str]]:
    """Return the fields of an identity document: pairs of label and value, in random order."""
    known = [
        ("Surname / Nom", surname(random)),
        ("Given names / Prenoms", forenames(random)),
        ("Identity number", digits(random, 13)),
        ("Date of birth", date(random)),
        ("Place of birth", place(random)),
        ("Nationality", letters(random, 3)),
        ("Sex", pick(random, ("F", "M"))),
        ("Date of issue", date(random)),
        ("Date of expiry", date(random)),
    ]
    return known[:2] + [known[index + 2] for index in random.permutation(len(known) - 2)]
