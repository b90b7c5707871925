"""Where the catalogue and the reference disagree on purpose: on whose values, which way, and why.

Each has to be real (the reference says the opposite of at least one value) and one-sided (the
catalogue says the same of all of them).
"""

import re
from dataclasses import dataclass
from typing import Callable, Sequence

import rules
from stdnum import iban, luhn
from stdnum.es import ccc


@dataclass(frozen=True, eq=False)
class Deviation:
    """How the names of the families begin."""
    families: Sequence[str]
    """What the catalogue says of these values."""
    passes: bool
    """Whether it is about a value, which is written as the reference takes it."""
    of: Callable[[str], bool]
    """The reason, with its source."""
    why: str
    """Values that are tried besides the random ones, which may hold none."""
    examples: Sequence[str] = ()


def like(pattern):
    return lambda value: bool(re.fullmatch(pattern, value))


def has_only_wrong_control(value):
    return value[:2] == "ES" and not ccc.is_valid(value[4:]) and (
        iban.is_valid(value, check_country=False) and value[2:4] not in ("00", "01", "99")
    )


def is_coordination_number(value):
    match = re.fullmatch("(19|20)?([0-9]{2})([0-9]{2})([6-9][0-9])[0-9]{4}", value)
    if not match or not luhn.is_valid(value[-10:]):
        return False
    year = int((match[1] or "20") + match[2])
    return rules.is_date(year, int(match[3]), int(match[4]) - 60)


def is_date_and_time(value):
    if not re.fullmatch("(19[3-9]|20[0-4])[0-9]{5}([01][0-9]|2[0-3])[0-5][0-9]", value):
        return False
    return rules.is_date(int(value[:4]), int(value[4:6]), int(value[6:8]))


DEVIATIONS = [
    Deviation(
        ["Luhn"], False, like("4111111111111111|5555555555554444|378282246310005"),
        "published test numbers are never reported (CloudWatch Logs User Guide)",
        ["4111111111111111", "5555555555554444", "378282246310005"],
    ),
    Deviation(
        ["IBAN"], False, like("..(00|01|99).*"),
        "check digits are 98 less a rest, 02 to 98 (ISO 13616-1)",
        ["DE00370400440000000060", "DE01370400440000000042", "DE99370400440000000024"],
    ),
    Deviation(
        ["IBAN, Spain"], True, has_only_wrong_control,
        "mod 97 decides alone, so that an account with wrong control digits is masked (choice)",
        ["ES2921000418460200051332"],
    ),
    Deviation(
        ["CCC"], False, like("0000.*"),
        "no bank has 0000 (Banco de España, registro de entidades)",
        ["00000000000000000000"],
    ),
    Deviation(
        ["ABA"], False, like("(1[3-9]|20|3[3-9]|[45].|60|7[3-9]|8[1-9]|9.).*"),
        "the first two digits name a district, a thrift, the government (ABA, routing numbers)",
    ),
    Deviation(
        ["CPF"], False, like(r"(.)\1*"), "one repeated digit is never issued (Receita Federal)",
        ["11111111111"],
    ),
    Deviation(
        ["RG"], False, like(r"(.)\1{7}."), "one repeated digit is not taken for a number (choice)",
        ["111111110"],
    ),
    Deviation(
        ["DNI", "NIF"], False, like("00000000T"), "the number 0 is not issued (choice)",
        ["00000000T"],
    ),
    Deviation(
        ["CIF"], False, like("[ABEH].*[A-J]|[NPQRSW].*[0-9]"),
        "A, B, E and H end in a digit, N, P, Q, R, S and W in a letter (Orden EHA/451/2008)",
    ),
    Deviation(
        ["NIR"], False, like("[0569].*"), "the sex is 1 to 4, 7 or 8 (INSEE, RNIPP)",
        ["585059912345601"],
    ),
    Deviation(
        ["NIR"], False, like("...(00|1[3-9]|4[3-9]).*"),
        "the month is 01 to 12, or 20 to 42 or 50 to 99 where it is not known (INSEE, RNIPP)",
        ["185139912345638"],
    ),
    Deviation(
        ["NIR"], False, like(".....00.*|.{10}000.*"),
        "departments begin at 01, orders at 001 (INSEE, RNIPP)",
        ["185050012345661", "185059912300075"],
    ),
    Deviation(
        ["SPI"], False, like("0{13}"), "the number 0 is not issued (choice)", ["0" * 13],
    ),
    Deviation(
        ["French licence"], False, is_date_and_time,
        "beside a keyword a date and time is likelier (choice)", ["201210312359"],
    ),
    Deviation(
        ["IdNr"], False, like(r".{0,7}(.)\1\1.*."),
        "no digit stands three times in a row (Bundeszentralamt für Steuern, 2016)",
        ["44450123672"],
    ),
    Deviation(
        ["German identity card"], False, like("0{10}D?"), "the serial 0 is not issued (choice)",
        ["0000000000"],
    ),
    Deviation(
        ["Swedish"], True, is_coordination_number,
        "60 on the day makes a coordination number (Skatteverket, samordningsnummer)",
        ["6408833231"],
    ),
    Deviation(
        ["UTR"], False, like("20{9}"), "the number 0 is not issued (choice)", ["2000000000"],
    ),
    Deviation(
        ["SSN"], True, like("078051120|457555462|219099999"),
        "numbers once printed in advertisements are reported (choice)",
        ["078051120", "457555462", "219099999"],
    ),
    Deviation(
        ["ITIN"], True, like("9..(5[0-9]|6[0-5])...."),
        "groups 50 to 65 are issued too (IRS, Internal Revenue Manual 3.21.263)",
    ),
    Deviation(
        ["DEA"], False, like("..0{7}"), "the number 0 is not issued (choice)", ["AB0000000"],
    ),
    Deviation(
        ["European Health"], False, like("80...0{15}"), "the serial 0 is not issued (choice)",
        ["8027600000" + "0" * 10],
    ),
    Deviation(
        ["Health number of Ontario"], False, like("0.*"),
        "a number does not begin with 0 (choice)",
    ),
]
