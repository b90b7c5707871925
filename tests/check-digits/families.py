"""The check digit families: which identifier uses one, how its values look, and who says whether a
value is one. python-stdnum says it wherever it can; `rules.py` says the rest.

In a shape `#` is a digit, `@` a capital letter, `%` either, `[…]` one of the characters between the
brackets; everything else stands for itself.
"""

import random
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Callable, Optional, Sequence

import rules
from stdnum import iban, luhn
from stdnum.br import cnpj, cpf
from stdnum.ca import bc_phn, sin
from stdnum.de import idnr, stnr
from stdnum.es import ccc, cif, dni, nie, nif
from stdnum.fi import hetu
from stdnum.fr import nif as spi
from stdnum.fr import nir
from stdnum.gb import nhs, utr
from stdnum.iso7064 import mod_11_10
from stdnum.it import codicefiscale
from stdnum.se import personnummer
from stdnum.us import itin, rtn, ssn

ALPHABETS = {"#": rules.DIGITS, "@": rules.LETTERS, "%": rules.DIGITS + rules.LETTERS}


def draw(chance, shape):
    """A random value of the shape."""
    return "".join(map(chance.choice, alphabets(shape)))


@lru_cache(None)
def alphabets(shape):
    parts = re.findall(r"\[([^]]*)\]|(.)", shape)
    return [characters or ALPHABETS.get(c, c) for characters, c in parts]


@dataclass(frozen=True)
class Family:
    name: str
    identifier: str
    """Shapes of random values, wider than the rule."""
    shapes: Sequence[str]
    """Whether a value is one: the reference."""
    judge: Callable[[str], bool]
    """Makes a random value a valid one, where trying until one is valid takes too long."""
    fill: Optional[Callable[[str], str]] = None
    """Ways to write a value, its length permitting: `#` takes the value's next character."""
    forms: Sequence[str] = ()
    """Values that do not match it belong to another pattern of the identifier."""
    only: str = ".*"


def fill_iban(value):
    return value[:2] + iban.calc_check_digits(value) + value[4:]


def fill_spanish_iban(value):
    bban = value[4:12] + ccc.calc_check_digits(value[4:]) + value[14:]
    return fill_iban("ES00" + bban)


def fill_ccc(value):
    return value[:8] + ccc.calc_check_digits(value) + value[10:]


def fill_rib(value):
    number = value[:21].translate(str.maketrans(rules.LETTERS, "12345678912345678923456789"))
    return value[:21] + "%02d" % (97 - 100 * int(number) % 97)


def fill_nuss(value):
    """A province that exists, the rest mod 97."""
    number = "%02d" % (1 + int(value[:2]) % 53) + value[2:-2]
    plain = number[:2] + number[3:] if len(number) == 10 and number[2] == "0" else number
    return number + "%02d" % (int(plain) % 97)


def fill_idnr(value):
    """Ten digits, one of them twice or three times, and the check digit."""
    chance = random.Random(value)
    often = chance.choice([2, 3])
    digits = chance.sample(rules.DIGITS, 11 - often)
    digits += [digits[0]] * (often - 1)
    chance.shuffle(digits)
    number = "".join(digits)
    return number + mod_11_10.calc_check_digit(number)


def fill_spanish_letter(value):
    first = value[0].translate(str.maketrans("XYZKLM", "012000"))
    return value[:8] + dni.calc_check_digit(first + value[1:8])


def fill_nir(value):
    """A month and a department that exist, a key that is right."""
    months = [*range(1, 13), *range(20, 43), *range(50, 100)]
    month = "%02d" % months[int(value[3:5]) % len(months)]
    department = value[5:7] if value[5:7] != "00" else "75"
    order = value[10:13] if value[10:13] != "000" else "001"
    number = "123478"[int(value[0]) % 6] + value[1:3] + month + department + value[7:10] + order
    return number + nir.calc_check_digits(number)


def fill_line(value):
    digit = rules.icao_digit
    fields = [value[:9], value[13:19], value[21:27], value[28:42]]
    number, birth, expiry, optional = [field + digit(field) for field in fields]
    whole = number + birth + expiry + optional
    return number + value[10:13] + birth + value[20] + expiry + optional + digit(whole)


def fill_personal(value):
    """A month and a day in it, the check character right; of a code of Finland or Sweden."""
    if len(value) == 11 and value[6] in "-+ABCDEFUVWXY":
        number = "%02d%02d" % (1 + int(value[:2]) % 28, 1 + int(value[2:4]) % 12) + value[4:6]
        serial = "%03d" % (2 + int(value[7:10]) % 898)
        return number + value[6] + serial + hetu._calc_checksum(number + serial)
    start = len(value) - 10
    year, month, day = (int(value[at : at + 2]) for at in range(start, start + 6, 2))
    number = "%02d%02d%02d" % (year, 1 + month % 12, 1 + day % 28) + value[start + 6 : start + 9]
    return value[:start] + number + luhn.calc_check_digit(number)


def fill_british_licence(value):
    dated = "%s%02d%02d" % (value[5], 1 + int(value[6:8]) % 12, 1 + int(value[8:10]) % 28)
    return value[:5] + dated + value[10:]


def fill_codice_fiscale(value):
    """A day that exists, the letter right."""
    day = "%02d" % (1 + int(value[9:11]) % 28 + 40 * (int(value[10]) % 2))
    number = value[:9] + day + value[11:15]
    return number + codicefiscale.calc_check_digit(number)


def is_routed(value):
    return bool(re.fullmatch("[0-9]{9}/[0-9]{4,17}", value)) and rtn.is_valid(value[:9])


def is_person(value):
    return value[:1] not in tuple("ABCDEFGHJNPQRSUVW") and nif.is_valid(value)


def is_in_country(country):
    return lambda value: value[:2] == country and iban.is_valid(value)


def exactly(pattern, judge):
    """The judge for values of the pattern; python-stdnum takes other separators too."""
    return lambda value: bool(re.fullmatch(pattern, value)) and judge(value)


NIR = "[0-9]{5}([0-9]{2}|2[AB])[0-9]{8}"
CODICE = "[A-Z]{6}[0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]"
NIR_SHAPES = ["#" * 15, "#####2[AB]########"]

FAMILIES = [
    Family("Luhn, cards", "CreditCardNumber",
           ["4" + "#" * 15, "5[0-6]" + "#" * 14, "2[2-7]" + "#" * 14, "3[0-9]" + "#" * 13,
            "6" + "#" * 15, "6" + "#" * 18, "#" * 16, "4" + "#" * 12],
           rules.card, forms=["#### #### #### ####", "####-####-####-####"]),
    Family("IBAN, Germany (mod 97,10)", "BankAccountNumber-DE", ["DE" + "#" * 20],
           is_in_country("DE"), fill_iban, ["#### #### #### #### #### ##"]),
    Family("IBAN, Spain (mod 97,10)", "BankAccountNumber-ES", ["ES" + "#" * 22],
           is_in_country("ES"), fill_spanish_iban, ["#### #### #### #### #### ####"]),

    Family("IBAN, France (mod 97,10)", "BankAccountNumber-FR",
           ["FR" + "#" * 12 + "%" * 11 + "##"], is_in_country("FR"), fill_iban,
           ["#### #### #### #### #### #### ###"]),
    Family("IBAN, United Kingdom (mod 97,10)", "BankAccountNumber-GB", ["GB##@@@@" + "#" * 14],
           is_in_country("GB"), fill_iban, ["#### #### #### #### #### ##"]),
    Family("IBAN, Italy (mod 97,10)", "BankAccountNumber-IT",
           ["IT##@" + "#" * 10 + "%" * 12], is_in_country("IT"), fill_iban,
           ["#### #### #### #### #### #### ###"]),
    Family("CCC", "BankAccountNumber-ES", ["#" * 20], ccc.is_valid, fill_ccc,
           ["#### #### ## ##########", "####-####-##-##########"]),
    Family("RIB", "BankAccountNumber-FR", ["#" * 23, "#" * 10 + "%" * 11 + "##"], rules.rib,
           fill_rib, ["##### ##### ########### ##"]),
    Family("CIN", "BankAccountNumber-IT", ["@" + "#" * 22, "@" + "#" * 10 + "%" * 12], rules.cin,
           forms=["# ##### ##### ############"]),
    Family("ABA routing", "BankAccountNumber-US", ["#########/########"], is_routed,
           only=".*/.*"),
    Family("NHS (mod 11)", "NhsNumber-GB", ["#" * 10], nhs.is_valid,
           forms=["### ### ####", "###-###-####"]),
    Family("CPF (mod 11)", "CpfCode-BR", ["#" * 11], cpf.is_valid,
           lambda v: v[:9] + cpf._calc_check_digits(v), ["###.###.###-##", "#########-##"]),
    Family("CNPJ of digits (mod 11)", "Cnpj-BR", ["#" * 14], cnpj.is_valid,
           lambda v: v[:12] + cnpj.calc_check_digits(v), ["##.###.###/####-##"]),
    Family("CNPJ of letters too (mod 11, 2026)", "Cnpj-BR", ["%" * 12 + "##"], cnpj.is_valid,
           lambda v: v[:12] + cnpj.calc_check_digits(v), ["##.###.###/####-##"]),
    Family("RG of São Paulo (mod 11)", "RgNumber-BR", ["########[0123456789X]"], rules.rg,
           forms=["########-#"]),
    Family("DNI (mod 23)", "NationalIdentificationNumber-ES", ["########@"], dni.is_valid,
           fill_spanish_letter, ["########-#", "##.###.###-#"]),
    Family("NIE (mod 23)", "NieNumber-ES", ["[XYZ]#######@", "[WXYZ]#######@"], nie.is_valid,
           lambda v: fill_spanish_letter(v.replace("W", "X")), ["#-#######-#"]),
    Family("NIF of persons (mod 23)", "NifNumber-ES", ["########@", "[KLMXYZ]#######@"], is_person,
           fill_spanish_letter, ["########-#"]),
    Family("DNI, NIE on licences (mod 23)", "DriversLicense-ES", ["########@", "[XYZ]#######@"],
           lambda v: dni.is_valid(v) or nie.is_valid(v), fill_spanish_letter, ["########-#"]),
    Family("CIF", "TaxId-ES", ["@#######[0123456789ABCDEFGHIJ]"], cif.is_valid,
           forms=["#-########"]),
    Family("NUSS (mod 97)", "Ssn-ES", ["#" * 12, "[012345]" + "#" * 11, "#" * 11], rules.nuss,
           fill_nuss, ["## ######## ##", "##/########/##", "## ####### ##"]),
    Family("NIR (mod 97)", "InseeCode-FR", NIR_SHAPES, exactly(NIR, nir.is_valid), fill_nir,
           ["############# ##", "# ## ## ## ### ### ##", "#.##.##.##.###.###.##"]),
    Family("NIR of the health card (mod 97)", "HealthInsuranceNumber-FR", NIR_SHAPES,
           exactly(NIR, nir.is_valid), fill_nir, ["# ## ## ## ### ### ##"]),
    Family("SPI (mod 511)", "TaxId-FR", ["#" * 13, "[0123]" + "#" * 12], spi.is_valid,
           lambda v: v[:10] + spi.calc_check_digits(v), ["## ## ### ### ###"]),
    Family("French licence (ranges)", "DriversLicense-FR", ["#" * 12], rules.french_licence),
    Family("IdNr (mod 11,10)", "TaxId-DE", ["#" * 11, "[1-9]" + "#" * 10],
           exactly("[0-9]{11}", idnr.is_valid), fill_idnr, ["## ### ### ###"]),
    Family("Steuernummer of ELSTER (layout)", "TaxId-DE", ["[12345]###0########", "#" * 13],
           exactly("[0-9]{13}", stnr.is_valid), only="[0-9]{13,}"),
    Family("German identity card (7, 3, 1)", "NationalIdentificationNumber-DE",
           ["#" * 10, "[CFGHJKLMNPRTVWXYZ]########[0-9]", "[CFGHJK]%%######[0-9]D"],
           rules.german_id_card, only=".{10,}"),
    Family("German passport (7, 3, 1)", "PassportNumber-DE",
           ["[CFGHJK]########[0-9]", "[CFGHJK]%%######[0-9]D"], rules.german_passport,
           only=".{10,}"),
    Family("British passport (7, 3, 1)", "PassportNumber-GB", ["#" * 10], rules.british_passport,
           only=".{10,}"),
    Family("Machine-readable line (7, 3, 1)", "PassportNumber-US",
           ["%########[0-9]USA#######[FMX<]#######%%%#######<<<<##"], rules.machine_readable_line,
           fill_line, only=".{44,}"),
    Family("German licence (mod 11)", "DriversLicense-DE", ["@##%%%%%%#%", "%##%%%%%%[0-9X]%"],
           rules.german_licence),
    Family("Finnish code (mod 31)", "DriversLicense-FI", ["######[-+ABCDEFUVWXY]###%"],
           hetu.is_valid, fill_personal),
    Family("Swedish number (Luhn)", "DriversLicense-SE", ["#" * 10, "19" + "#" * 10],
           exactly("(19|20)?[0-9]{10}", personnummer.is_valid), fill_personal,
           ["######-####", "########-####"]),
    Family("Driver number of Great Britain", "DriversLicense-GB",
           ["@@@@@#[0156]#[0123]##@@#@@", "@@@99#[0156]#[0123]##@9#@@"], rules.british_licence,
           fill_british_licence, only=".{9,}"),
    Family("Codice fiscale", "NationalIdentificationNumber-IT",
           ["@@@@@@##[ABCDEHLMPRST][0-7]#@###@"], exactly(CODICE, codicefiscale.is_valid),
           fill_codice_fiscale),
    Family("Codice fiscale with omocodia", "NationalIdentificationNumber-IT",
           ["@@@@@@#[LMNPQRSTUV][ABCDEHLMPRST][0-7]#@##[LMNPQRSTUV]@"],
           exactly(CODICE, codicefiscale.is_valid), fill_codice_fiscale),
    Family("National Insurance (prefixes)", "NationalInsuranceNumber-GB",
           ["@@######@", "@@######[ABCD]", "[BGKNTZ][BGKNTZ]######[ABCD]"], rules.nino,
           forms=["## ## ## ## #"]),
    Family("UTR (mod 11)", "TaxId-GB", ["#" * 10], utr.is_valid, forms=["##### #####"]),
    Family("SSN (ranges)", "Ssn-US", ["#" * 9, "[069]##[01]#####"], ssn.is_valid,
           forms=["###-##-####", "### ## ####"]),
    Family("ITIN (ranges)", "IndividualTaxIdentificationNumber-US", ["9########", "#" * 9],
           itin.is_valid, forms=["###-##-####", "### ## ####"]),
    Family("DEA", "DrugEnforcementAgencyNumber-US", ["@@#######", "[ABFM]@#######"], rules.dea),
    Family("NPI (Luhn with 80840)", "NationalProviderId-US", ["#" * 10, "[12]#########"],
           rules.npi),
    Family("MBI (positions)", "MedicareBeneficiaryNumber-US", ["#@%#@%#@@##", "%%%%@%#@@##"],
           rules.mbi, forms=["####-###-####"]),
    Family("HICN (ranges)", "HealthInsuranceClaimNumber-US",
           ["#########@", "[069]########@#", "[AH]#########", "W[ACDH]######", "@@#########"],
           rules.hicn),
    Family("NDC (layout)", "NationalDrugCode-US",
           ["####-####-##", "#####-###-##", "#####-####-#", "#####-####-##", "######-####-##",
            "####-###-##", "#####-###-#", "######-###-##", "###-####-##", "####-####-###"],
           rules.ndc, only=".*-.*-.*"),
    Family("HCPCS and CPT (layout)", "HealthcareProcedureCode-US", ["%####", "####%", "####%"],
           rules.hcpcs),
    Family("European Health Insurance Card (states)", "HealthInsuranceCardNumber-EU",
           ["80[0-8]" + "#" * 17, "80276" + "#" * 15, "80[0-8][0-9]0" + "#" * 15], rules.ehic,
           forms=["##### ##### ##########"]),
    Family("KVNR (mod 10)", "HealthInsuranceCardNumber-EU", ["@#########"], rules.kvnr),
    Family("SIN (Luhn)", "SocialInsuranceNumber-CA", ["#" * 9], sin.is_valid,
           forms=["### ### ###", "###-###-###"]),
    Family("PHN of British Columbia (mod 11)", "PersonalHealthNumber-CA", ["9#########"],
           bc_phn.is_valid, only="9[0-9]{9}", forms=["#### ### ###"]),
    Family("Health number of Ontario (Luhn)", "PersonalHealthNumber-CA", ["####-###-###-@@"],
           rules.ontario, only="[^-]{4}-[^-]{3}-[^-]{3}-.{2}"),
    Family("VIN (mod 11)", "VehicleIdentificationNumber",
           ["[12345]%%%%%%%%%%%%####", "[JKLSVWYZ]%%%%%%%%%%%%####"], rules.vin),
]
