"""A second implementation of the rules that python-stdnum does not have.

Each is written from the published rule that it names, not from `src/identifier/check_digit/`, and
where a rule can be computed in two ways it takes the other one. Values come in capital letters and
without separators, unless said otherwise.
"""

import datetime
import re

from stdnum import luhn
from stdnum.us import ssn

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def is_date(year, month, day):
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True


def card(value):
    """ISO/IEC 7812: Luhn, and the prefixes and lengths of the issuers that AWS names."""
    issuers = [
        (4, 4, (13, 16, 19)),  # Visa, Electron, co-branded Dankort
        (51, 55, (16,)),  # Mastercard
        (2221, 2720, (16,)),
        (34, 34, (15,)),  # American Express
        (37, 37, (15,)),
        (300, 305, range(14, 20)),  # Diners Club
        (3095, 3095, range(14, 20)),
        (36, 36, range(14, 20)),
        (38, 39, range(14, 20)),
        (3528, 3589, range(16, 20)),  # JCB
        (5019, 5019, (16,)),  # Dankort
        (6011, 6011, range(16, 20)),  # Discover
        (644, 649, range(16, 20)),
        (65, 65, range(16, 20)),
        (62, 62, range(16, 20)),  # UnionPay
        (81, 81, range(16, 20)),
    ]
    return luhn.is_valid(value) and any(
        low <= int(value[: len(str(low))]) <= high and len(value) in lengths
        for low, high, lengths in issuers
    )


def rib(value):
    """Comité français d'organisation et de normalisation bancaires: the key is
    97 - (89 bank + 15 branch + 3 account) mod 97."""
    if not re.fullmatch(r"[0-9]{10}[0-9A-Z]{11}[0-9]{2}", value):
        return False
    account = value[10:21].translate(str.maketrans(LETTERS, "12345678912345678923456789"))
    bank, branch, key = int(value[:5]), int(value[5:10]), int(value[21:])
    return key == 97 - (89 * bank + 15 * branch + 3 * int(account)) % 97


def cin(value):
    """Associazione Bancaria Italiana: odd places by the table of D.M. 23/12/1976, mod 26."""
    odd = dict(zip(LETTERS, "BAFHJNPRTVCESULDGIMOQKWZYX"))
    if not re.fullmatch(r"[A-Z][0-9]{10}[0-9A-Z]{12}", value):
        return False
    letters = [LETTERS[int(c)] if c in DIGITS else c for c in value[1:]]
    counted = [odd[c] if at % 2 == 0 else c for at, c in enumerate(letters)]
    return LETTERS[sum(map(LETTERS.index, counted)) % 26] == value[0]


def nuss(value):
    """Tesorería General de la Seguridad Social: province, number, both mod 97. A number below ten
    million is written without its leading zero when the rest is taken."""
    if not re.fullmatch(r"[0-9]{11,12}", value):
        return False
    province, number, check = value[:2], value[2:-2], value[-2:]
    if len(number) == 8 and number[0] == "0":
        number = number[1:]
    known = 1 <= int(province) <= 53 or province == "66"
    return known and int(number) > 0 and int(province + number) % 97 == int(check)


def icao_digit(field):
    """ICAO Doc 9303, part 3, section 4.9: weights 7, 3, 1."""
    numbers = [0 if c == "<" else int(c, 36) for c in field]
    return str(sum(n * (7, 3, 1)[at % 3] for at, n in enumerate(numbers)) % 10)


def german_id_card(value):
    """Personalausweisverordnung: nine characters and the digit of Doc 9303, then D or nothing."""
    shape = r"(?:[CFGHJKLMNPRTVWXYZ][0-9CFGHJKLMNPRTVWXYZ]{8}|[0-9]{9})[0-9]D?"
    return bool(re.fullmatch(shape, value)) and icao_digit(value[:9]) == value[9]


def german_passport(value):
    """Passverordnung: first C, F, G, H, J or K, and the digit of Doc 9303."""
    shape = r"[CFGHJK][0-9CFGHJKLMNPRTVWXYZ]{8}[0-9]D?"
    return bool(re.fullmatch(shape, value)) and icao_digit(value[:9]) == value[9]


def british_passport(value):
    """Nine digits and the digit of Doc 9303."""
    return bool(re.fullmatch(r"[0-9]{10}", value)) and icao_digit(value[:9]) == value[9]


def machine_readable_line(value):
    """ICAO Doc 9303, part 4, section 4.2.2: five check digits; that of an empty personal number may
    be a filler."""
    shape = r"[A-Z0-9<]{9}[0-9]USA[0-9]{7}[FMX<][0-9]{7}[A-Z0-9<]{14}[0-9<][0-9]"
    if not re.fullmatch(shape, value):
        return False
    optional, check = value[28:42], value[42]
    empty = optional == "<" * 14 and check == "<"
    return (
        icao_digit(value[:9]) == value[9]
        and icao_digit(value[13:19]) == value[19]
        and icao_digit(value[21:27]) == value[27]
        and (empty or icao_digit(optional) == check)
        and icao_digit(value[:10] + value[13:20] + value[21:43]) == value[43]
    )


def german_licence(value):
    """Fahrerlaubnis-Verordnung, Anlage 8: sum of 9 c1 to 1 c9, mod 11, X for 10."""
    if not re.fullmatch(r"[A-Z][0-9]{2}[0-9A-Z]{6}[0-9X][0-9A-Z]", value):
        return False
    rest = sum((9 - at) * int(c, 36) for at, c in enumerate(value[:9])) % 11
    return "0123456789X"[rest] == value[9]


def british_licence(value):
    """DVLA, driver number: surname padded with 9, decade, month (50 more for women), day, year,
    initials padded with 9, a digit and two letters."""
    shape = r"([A-Z9]{5})([0-9])([0-9]{2})([0-9]{2})([0-9])([A-Z9]{2})[0-9][A-Z]{2}(?:[0-9]{2})?"
    match = re.fullmatch(shape, value)
    if not match:
        return False
    surname, decade, month, day, year, initials = match.groups()
    padded = all(re.fullmatch(r"[A-Z]*9*", name) for name in (surname, initials))
    month = int(month) - 50 if int(month) > 50 else int(month)
    born = is_date(2000 + int(decade + year), month, int(day))
    return padded and surname[0] != "9" and born


def french_licence(value):
    """Ministère de l'Intérieur, numbers of 1975 to 2013: year, month, department."""
    if not re.fullmatch(r"[0-9]{12}", value):
        return False
    month, department = int(value[2:4]), int(value[4:6])
    return 1 <= month <= 12 and department not in (0, 96)


def rg(value):
    """Instituto de Identificação of São Paulo: weights 2 to 9, and 100 for the check character; the
    sum is divisible by 11 (100 is 1 mod 11)."""
    if not re.fullmatch(r"[0-9]{8}[0-9X]", value):
        return False
    check = 10 if value[8] == "X" else int(value[8])
    return (sum((at + 2) * int(c) for at, c in enumerate(value[:8])) + 100 * check) % 11 == 0


def nino(value):
    """HMRC, National Insurance Manual, NIM39110."""
    if not re.fullmatch(r"[A-Z]{2}[0-9]{6}[A-D]", value):
        return False
    never = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
    return not set("DFIQUV") & set(value[:2]) and value[1] != "O" and value[:2] not in never


def dea(value):
    """21 CFR 1301; DEA Diversion Control Division, validating registration numbers."""
    if not re.fullmatch(r"[ABCDEFGHJKLMPRSTUX][A-Z9][0-9]{7}", value):
        return False
    n = [int(c) for c in value[2:]]
    return str(n[0] + n[2] + n[4] + 2 * (n[1] + n[3] + n[5]))[-1] == value[8]


def npi(value):
    """45 CFR 162.406; CMS, NPI check digit: Luhn over 80840 and the number."""
    return bool(re.fullmatch(r"[12][0-9]{9}", value)) and luhn.is_valid("80840" + value)


def mbi(value):
    """CMS, Medicare Beneficiary Identifier, position by position: C 1 to 9, N digit, A letter but
    S, L, O, I, B and Z, X either."""
    letters = "ACDEFGHJKMNPQRTUVWXY"
    kinds = {"C": "123456789", "N": DIGITS, "A": letters, "X": DIGITS + letters}
    return len(value) == 11 and all(c in kinds[kind] for c, kind in zip(value, "CAXNAXNAANN"))


def hicn(value):
    """CMS, Medicare General Information, chapter 2, section 50.2. Of a railroad number only one of
    nine digits is a Social Security number."""
    match = re.fullmatch(r"([0-9]{9})[ABCDEFJKMTW][0-9A-Z]?", value) or re.fullmatch(
        r"(?:A|H|CA|JA|MA|PA|WA|MH|PH|WH|PD|WD|WCA|WCD|WCH)([0-9]{9}|[0-9]{6})", value
    )
    return bool(match) and (len(match[1]) == 6 or ssn.is_valid(match[1]))


def ndc(value):
    """FDA, 21 CFR 207.33: labeler, product and package, with their dashes; 5-4-2 is the form of
    claims (HIPAA), 6-4-2 that of 2033."""
    layouts = ([4, 4, 2], [5, 3, 2], [5, 4, 1], [5, 4, 2], [6, 4, 2])
    parts = value.split("-")
    return all(part.isdigit() for part in parts) and [len(part) for part in parts] in layouts


def hcpcs(value):
    """CMS, HCPCS Level II: a letter A to V and four digits. AMA, CPT: five digits, or four and F,
    T, U or M."""
    first, rest, last = value[:1], value[1:], value[-1:]
    level_two = "A" <= first <= "V" and len(rest) == 4 and rest.isdigit()
    return level_two or (len(value) == 5 and value[:4].isdigit() and last in DIGITS + "FTUM")


def ehic(value):
    """Decision S2 (2010/C 106/09): 80, the ISO 3166-1 number of a state that issues the card, here
    the European Union, its neighbours of the EEA, Switzerland and the United Kingdom."""
    union = """040 056 100 191 196 203 208 233 246 250 276 300 348 372 380 428 440 442 470 528 616
        620 642 703 705 724 752"""
    states = (union + " 352 438 578 756 826").split()
    return bool(re.fullmatch(r"80[0-9]{18}", value)) and value[2:5] in states


def kvnr(value):
    """§ 290 SGB V; GKV-Spitzenverband: the letter as two digits, then Luhn read from the left."""
    if not re.fullmatch(r"[A-Z][0-9]{9}", value):
        return False
    digits = "%02d" % (LETTERS.index(value[0]) + 1) + value[1:9]
    doubled = [str(int(c) * (1 + at % 2)) for at, c in enumerate(digits)]
    return str(sum(int(c) for c in "".join(doubled)))[-1] == value[9]


def ontario(value):
    """Ontario Ministry of Health, OHIP: ten digits by Luhn, dashes and two letters behind."""
    return bool(re.fullmatch(r"[0-9]{4}-[0-9]{3}-[0-9]{3}-[A-Z]{2}", value)) and luhn.is_valid(
        value[:12].replace("-", "")
    )


def vin(value):
    """ISO 3779; 49 CFR 565.15 for the makers of North America (first character 1 to 5)."""
    if not re.fullmatch(r"[0-9A-HJ-NPR-Z]{13}[0-9]{4}", value):
        return False
    letters, numbers = "ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789"
    worth = {c: int(n) for c, n in zip(letters + DIGITS, numbers + DIGITS)}
    weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
    rest = sum(worth[c] * weight for c, weight in zip(value, weights)) % 11
    return value[0] not in "12345" or "0123456789X"[rest] == value[8]
