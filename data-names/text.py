"""Words and runs of capitalised words, as src/detect/name/ reads them, and the lists written by hand."""
import re
import unicodedata

FOLD = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i",
                      "ħ": "h", "ŋ": "n", "ŧ": "t", "ĸ": "k", "ŀ": "l", "ŉ": "n", "’": "'"})


def fold(word):
    """The key of the table: lower case, without accents, ’ as '."""
    word = unicodedata.normalize("NFKD", word.lower().translate(FOLD))
    return "".join(c for c in word if not unicodedata.combining(c))


LETTER = "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ"
WORD = re.compile(rf"[{LETTER}]+(?:['’-][{LETTER}]+)*")
KEY = re.compile(r"^[a-z](?:[a-z'-]*[a-z])?$")

# Words that may stand inside a name and count nothing.
PARTICLES = set("de da do das dos del della dello di van von der den vom zu la le du el ten ter bin ibn binti bint al y af "
                "av e i abu ben".split())

# Articles, prepositions, pronouns, greetings, months, days and compass words: none begins a name.
STOP = set("""
der die das den dem des ein eine einen einem einer und oder mit fur von zu auf bei nach ist sind wurde wird nicht herr
frau kunde kundin sie ihr ihre ihren ihrem ihrer ihnen wir uns unser unsere kein keine keinen wenn dann bitte dies diese
dieser dieses diesen sein seine seinen falls alle alles mehr siehe neue neuer alte fehler
le la les un une du et ou avec pour par sur est sont client cliente vous nous votre vos notre nos ce cet cette ces voir
aussi si el los las una unos y con para por es son senor senora usted ustedes nosotros este esta estos estas vea tambien
il lo gli uno per di da in su che signor signora lei loro questo questa vedere anche nuevo nueva nuovo nuova novo nova
o os as um uma com ao aos na no nas nos nao voce seu sua esse veja a e i h
het en van voor met is niet deze dit zie ook u uw jij wij de ett och med av pa som inte
the an and or with for from of to on at by are was were be been this that these those my your our his her their its not
yes all any each every some new old first last next after before when while if then else until since because where which
who what how why more most less least very also only just already still again please thank thanks dear hello hi hey mr
mrs ms dr prof sir madam miss via per as in out off up down over under into about but so do does did done has have had
can could will would should must may might
january february march april may june july august september october november december monday tuesday wednesday thursday
friday saturday sunday mon tue wed thu fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec
januar februar marz mai juni juli oktober dezember montag dienstag mittwoch donnerstag freitag samstag sonntag
janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre lundi mardi mercredi jeudi vendredi
samedi dimanche enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes
miercoles jueves viernes sabado domingo gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre lunedi
martedi mercoledi giovedi venerdi domenica
sehr liebe lieber guten hallo bonjour bonsoir cher chere estimado estimada querido querida gentile egregio beste hej kara
north south east west northern southern eastern western central upper lower saint san santa sao st mount lake port fort
cape isle island islands republic kingdom united states avenue street road drive lane boulevard
""".split())
# Of those, the ones that are given names as well: they may begin a name, with less weight.
NAME_MONTHS = {"may", "april", "june", "august", "jan", "jun", "julio", "domenica", "avril", "nova", "will"}

INNER_CAPITAL = ("Mc", "Mac", "De", "Di", "La", "Le", "Van", "Du", "Fitz", "St", "Da", "Del", "Al", "El", "Ben", "O")
BAD_BEFORE = set("_./\\@$%&#-+*~^")
BAD_AFTER = set("_/\\@(=+*~^%-[")


def shape(w):
    """1 Capitalised, 2 ALL CAPITALS, 0 neither."""
    if len(w) < 2 or not w[0].isupper():
        return 0
    if w.isupper():
        return 2
    for i, p in enumerate(re.split(r"['’-]", w)):
        if p.islower() and i:
            continue
        if not (p and p[0].isupper()):
            return 0
        rest = p[1:]
        if rest and not rest.islower():
            inner = [x for x in INNER_CAPITAL if p.startswith(x) and len(p) >= len(x) + 2
                     and p[len(x)].isupper() and p[len(x) + 1:].islower()]
            if not inner:
                return 0
    return 1


def runs(t):
    """Runs of words one space apart: [[(start, end, text, kind)]], kind 1 Cap, 2 CAPS, 3 particle or initial."""
    out, cur = [], []
    for m in WORD.finditer(t):
        s, e = m.span()
        w = m[0]
        if cur and not (s == cur[-1][1] + 1 and t[s - 1] == " "):
            out.append(cur)
            cur = []
        before, after, after2 = t[s - 1 : s] or " ", t[e : e + 1] or " ", t[e + 1 : e + 2] or " "
        if len(w) == 1 and w.isupper() and cur and (after == " " or t[e : e + 2] == ". "):
            cur.append((s, e + (after == "."), w, 3))  # middle initial
            continue
        k = shape(w)
        if (before in BAD_BEFORE or before.isdigit() or after in BAD_AFTER or after.isdigit()
                or (after in ".:" and (after2.isalnum() or after2 in "_:/")) or (before == ":" and t[s - 2 : s] == "::")):
            k = 0
        if cur and before == " " and ((k == 0 and w in PARTICLES) or (k == 1 and len(w) <= 3 and w.lower() in PARTICLES)):
            k = 3
        if w[-2:] in ("'s", "’s") and len(w) > 4:
            w, e = w[:-2], e - 2
        if k == 0 or (k == 3 and not cur):
            if cur:
                out.append(cur)
            cur = []
            continue
        cur.append((s, e, w, k))
    if cur:
        out.append(cur)
    return [r for r in out if len(r) > 1]
