#!/usr/bin/env python3
"""Independent figures for the Junior School Project, to hold the product against.

Written before the product's statistics and without its code: Python's standard library only, one plain function per
formula. Reads `<GT_SHARED>/data/real/jsp/jsp.csv` (GT_SHARED defaults to `../shared` beside the repository) and writes
`figures.json` next to this file. The JSON holds aggregates only, never a pupil.

    python3 tests/independent/jsp/figures.py            # rewrites figures.json
    python3 tests/independent/jsp/figures.py --check    # exit 1 when the committed file differs

Data: Mortimore, Sammons, Stoll, Lewis and Ecob, School Matters (1988); from the R package faraway. Inner-London junior
schools, years 0, 1 and 2 of the project (here National Curriculum years 3, 4 and 5).
"""
import csv
import json
import math
import os
import pathlib
import sys
from fractions import Fraction
from statistics import NormalDist

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
SHARED = pathlib.Path(os.environ.get("GT_SHARED", REPOSITORY.parent / "shared"))
SOURCE = SHARED / "data" / "real" / "jsp" / "jsp.csv"

# ---------------------------------------------------------------------------------------------------------------------
# What this test declares. The study gives marks only; reliability, norms and bands are ours, as a publisher's would be.

RELIABILITY = 0.90
YEARS = (0, 1, 2)
SUBJECTS = ("english", "maths")

# One test per subject and year: norm mean and norm SD in marks (about the sample's own, rounded and then fixed), the
# first mark of the band "middle" (below it is "low") and of the band "high". The cuts lie near the norm mean less 7/15
# and plus 13/15 of the norm SD, as 93 and 113 do on a standardised scale.
TESTS = {
    ("english", 0): {"normMean": 48.1, "normSd": 24.6, "middleFrom": 37, "highFrom": 70},
    ("english", 1): {"normMean": 65.3, "normSd": 21.5, "middleFrom": 56, "highFrom": 84},
    ("english", 2): {"normMean": 42.6, "normSd": 21.8, "middleFrom": 33, "highFrom": 62},
    ("maths", 0): {"normMean": 25.1, "normSd": 7.1, "middleFrom": 22, "highFrom": 32},
    ("maths", 1): {"normMean": 25.1, "normSd": 7.8, "middleFrom": 22, "highFrom": 32},
    ("maths", 2): {"normMean": 30.5, "normSd": 6.7, "middleFrom": 28, "highFrom": 37},
}

# docs/statuses.md
PARAMETERS = {
    "declineZ": 1.96,
    "fallZ": 1.0,
    "certainty": 0.95,
    "stuckWindows": 2,
    "slowPoints": 3,
    "minimumFitPupils": 30,
}
STATUSES = ("noData", "fallingBehind", "stuck", "slowMoving", "exceeding", "onTrack")

Z95 = NormalDist().inv_cdf(0.975)


# ---------------------------------------------------------------------------------------------------------------------
# Formulae

def mean(values):
    return math.fsum(values) / len(values)


def sd(values):
    """Sample standard deviation, n - 1."""
    centre = mean(values)
    return math.sqrt(math.fsum((v - centre) ** 2 for v in values) / (len(values) - 1))


def incomplete_beta(a, b, x):
    """Regularised incomplete beta by its continued fraction (Abramowitz and Stegun 26.5.8, Lentz's method)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - incomplete_beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(1 - x)) / a
    tiny = 1e-300
    c, d, result = 1.0, 0.0, 1.0
    for step in range(0, 500):
        m = step // 2
        if step == 0:
            term = 1.0
        elif step % 2 == 0:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1.0 + term * d
        d = 1.0 / (d if abs(d) > tiny else tiny)
        c = 1.0 + term / c
        c = c if abs(c) > tiny else tiny
        result *= c * d
        if step > 0 and abs(1.0 - c * d) < 1e-15:
            break
    return front * (result - 1.0)


def student_quantile(probability, df):
    """Upper quantile (probability > .5) of Student's t, by bisection on its distribution function."""
    def distribution(t):
        return 1.0 - 0.5 * incomplete_beta(df / 2, 0.5, df / (df + t * t))

    low, high = 0.0, 1000.0
    for _ in range(200):
        middle = (low + high) / 2
        if distribution(middle) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def welch(group, comparator):
    """Difference of means with Welch's 95% interval (Welch 1947, Satterthwaite's degrees of freedom)."""
    n1, n2 = len(group), len(comparator)
    v1, v2 = sd(group) ** 2 / n1, sd(comparator) ** 2 / n2
    difference = mean(group) - mean(comparator)
    df = (v1 + v2) ** 2 / (v1 ** 2 / (n1 - 1) + v2 ** 2 / (n2 - 1))
    half = student_quantile(0.975, df) * math.sqrt(v1 + v2)
    return {"difference": difference, "lower": difference - half, "upper": difference + half, "df": df}


def hedges_g(group, comparator):
    """Hedges 1981: difference over pooled SD, times the small-sample correction 1 - 3 / (4 df - 1)."""
    n1, n2 = len(group), len(comparator)
    df = n1 + n2 - 2
    pooled = math.sqrt(((n1 - 1) * sd(group) ** 2 + (n2 - 1) * sd(comparator) ** 2) / df)
    return (mean(group) - mean(comparator)) / pooled * (1 - 3 / (4 * df - 1))


def wilson(count, n):
    """Wilson 1927 score interval, without continuity correction."""
    p, z2 = count / n, Z95 * Z95
    centre = (2 * n * p + z2) / (2 * (n + z2))
    half = Z95 * math.sqrt(z2 + 4 * n * p * (1 - p)) / (2 * (n + z2))
    return centre - half, centre + half


def newcombe(count1, n1, count2, n2):
    """Newcombe 1998, Statistics in Medicine 17: 873-890, method 10 (hybrid score, no continuity correction)."""
    p1, p2 = count1 / n1, count2 / n2
    (l1, u1), (l2, u2) = wilson(count1, n1), wilson(count2, n2)
    difference = p1 - p2
    return (
        difference,
        difference - math.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2),
        difference + math.sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2))


# Over the schools of a trust: pupils of one school are alike, so the variance is that between schools (Cochran 1977, chapters 6
# and 9A) with Student's t on schools - 1; of a difference, on those of the side that is in fewer schools. No interval is ever narrower than the one that
# knows of no schools. A side in one school alone cannot be told from that school, and has no interval; no group here is.

def wider(simple, clustered):
    return clustered if clustered[1] - clustered[0] > simple[1] - simple[0] else simple


def between_schools(point, parts, m):
    half = student_quantile(0.975, m - 1) * math.sqrt(m / (m - 1) * math.fsum(part * part for part in parts))
    return point - half, point + half


def mean_across(values_by_school):
    """Interval of a mean; values_by_school: school -> list of values."""
    everything = [v for values in values_by_school.values() for v in values]
    centre, n = mean(everything), len(everything)
    half = student_quantile(0.975, n - 1) * sd(everything) / math.sqrt(n)
    parts = [(math.fsum(values) - centre * len(values)) / n for values in values_by_school.values() if values]
    return wider((centre - half, centre + half), between_schools(centre, parts, len(parts)))


def difference_across(simple, ours, theirs):
    """Interval of a difference of means; ours and theirs: school -> list of values (0 and 1 for shares)."""
    n1, n2 = (sum(len(v) for v in side.values()) for side in (ours, theirs))
    m1, m2 = (mean([v for values in side.values() for v in values]) for side in (ours, theirs))
    parts = [(math.fsum(ours[s]) - m1 * len(ours[s])) / n1 - (math.fsum(theirs[s]) - m2 * len(theirs[s])) / n2
             for s in ours if ours[s] or theirs[s]]
    schools = min(sum(1 for values in side.values() if values) for side in (ours, theirs))
    assert schools > 1, "a side of the gap is in one school: there is no interval"
    return wider(simple, between_schools(m1 - m2, parts, schools))


def share_across(values_by_school):
    """Wilson on the effective number of pupils (Rao and Scott 1992) with Student's t (Korn and Graubard 1998)."""
    present = [values for values in values_by_school.values() if values]
    m, n = len(present), sum(len(values) for values in present)
    share = sum(sum(values) for values in present) / n
    variance = m / (m - 1) * math.fsum((sum(values) - share * len(values)) ** 2 for values in present) / n ** 2
    effect = max(1.0, variance / (share * (1 - share) / n))
    size, t = n / effect, student_quantile(0.975, m - 1)
    centre = (2 * size * share + t * t) / (2 * (size + t * t))
    half = t * math.sqrt(t * t + 4 * size * share * (1 - share)) / (2 * (size + t * t))
    return centre - half, centre + half


def whole_pupils(count1, n1, count2, n2):
    """n of the group times the gap, rounded toward zero, in exact arithmetic."""
    return int(n1 * (Fraction(count1, n1) - Fraction(count2, n2)))


def least_squares(prior, current):
    """Ordinary least squares of current on prior; residual SD on n - 2."""
    n = len(prior)
    mx, my = mean(prior), mean(current)
    sxx = math.fsum((x - mx) ** 2 for x in prior)
    slope = math.fsum((x - mx) * (y - my) for x, y in zip(prior, current)) / sxx
    intercept = my - slope * mx
    squares = math.fsum((y - intercept - slope * x) ** 2 for x, y in zip(prior, current))
    return {"n": n, "slope": slope, "intercept": intercept, "residualSd": math.sqrt(squares / (n - 2))}


# ---------------------------------------------------------------------------------------------------------------------
# The file

def read_pupils():
    """One entry per pupil: sex, social class, and the marks by (subject, year). The header lacks the row-name column."""
    pupils = {}
    with open(SOURCE, newline="", encoding="utf-8") as source:
        lines = csv.reader(source)
        names = ["row"] + next(lines)
        for line in lines:
            row = dict(zip(names, line, strict=True))
            pupil = pupils.setdefault(row["id"], {
                "school": row["school"], "sex": row["gender"], "social": int(row["social"]), "marks": {}})
            for subject, column in (("english", "english"), ("maths", "math")):
                key = (subject, int(row["year"]))
                assert key not in pupil["marks"], f"two rows for pupil {row['id']} in year {row['year']}"
                pupil["marks"][key] = float(row[column])
    return list(pupils.values())


GROUPS = {
    "all": lambda pupil: True,
    "girls": lambda pupil: pupil["sex"] == "girl",
    "boys": lambda pupil: pupil["sex"] == "boy",
    # The study codes 1 = I, 2 = II, 3 = III non-manual, 4 = III manual, 5 = IV, 6 = V, 7 = long-term unemployed,
    # 8 = not currently employed, 9 = father absent. 7 to 9 are the children without a father in work at home: the
    # nearest the study comes to a disadvantaged group. The comparator is the rest, 1 to 6.
    "social7to9": lambda pupil: pupil["social"] >= 7,
    "social1to6": lambda pupil: pupil["social"] <= 6,
}
GAPS = (("sex", "girls", "boys"), ("social", "social7to9", "social1to6"))


def marks_by_school(pupils, group, subject, year, value=lambda mark: mark):
    schools = {p["school"]: [] for p in pupils}
    for p in pupils:
        if GROUPS[group](p) and (subject, year) in p["marks"]:
            schools[p["school"]].append(value(p["marks"][subject, year]))
    return schools


def across(interval):
    return {"acrossSchools": {"lower": interval[0], "upper": interval[1]}}


def marks(pupils, group, subject, year):
    return [p["marks"][subject, year] for p in pupils if GROUPS[group](p) and (subject, year) in p["marks"]]


# ---------------------------------------------------------------------------------------------------------------------
# Statuses, as docs/statuses.md defines them

def band(subject, year, mark):
    test = TESTS[subject, year]
    if mark < test["middleFrom"]:
        return "low"
    return "middle" if mark < test["highFrom"] else "high"


def drop(subject, marks_by_year, earlier, later):
    """Fall from one window to a later one in norm SDs (positive = a fall)."""
    def standing(year):
        test = TESTS[subject, year]
        return (marks_by_year[year] - test["normMean"]) / test["normSd"]

    return standing(earlier) - standing(later)


def status(subject, year, pupil, fits):
    """The status of one pupil in one subject and window, and the reason where there is none."""
    scored = [y for y in YEARS if y <= year and (subject, y) in pupil["marks"]]
    if year not in scored:
        return "noData", "noScore"
    if len(scored) < 2:
        return "noData", "noPriorScore"
    mine = {y: pupil["marks"][subject, y] for y in scored}

    # Standard error of a difference, in norm SDs; every test here has the same reliability.
    error = math.sqrt(2 * (1 - RELIABILITY))
    reliable, fall = PARAMETERS["declineZ"] * error, PARAMETERS["fallZ"] * error
    previous = scored[-2]
    if drop(subject, mine, previous, year) > reliable:
        return "fallingBehind", None
    if len(scored) >= 3:
        before = scored[-3]
        twice = drop(subject, mine, before, previous) > fall and drop(subject, mine, previous, year) > fall
        if twice and drop(subject, mine, before, year) > reliable:
            return "fallingBehind", None

    # The residual over the longest span within the last three scored windows that has a fit.
    base, points = None, 0
    for candidate, span in ((scored[-3] if len(scored) >= 3 else None, 3), (previous, 2)):
        if candidate is not None and (subject, candidate, year) in fits:
            base, points = candidate, span
            break
    if base is None:
        return "noData", "noFit"
    fit = fits[subject, base, year]
    residual = mine[year] - fit["intercept"] - fit["slope"] * mine[base]
    observed = fit["residualSd"] ** 2
    noise = (1 - RELIABILITY) * (TESTS[subject, year]["normSd"] ** 2
                                 + fit["slope"] ** 2 * TESTS[subject, base]["normSd"] ** 2)
    true = max(0.0, observed - noise)
    if true == 0.0:
        below = above = 0.0
    else:
        share = true / observed
        posterior = NormalDist(share * residual, math.sqrt(share * noise))
        below = posterior.cdf(0.0)
        above = 1.0 - below

    low_twice = all(band(subject, y, mine[y]) == "low" for y in scored[-2:])
    if low_twice and above < PARAMETERS["certainty"]:
        return "stuck", None
    if points >= PARAMETERS["slowPoints"] and below >= PARAMETERS["certainty"]:
        return "slowMoving", None
    if above >= PARAMETERS["certainty"]:
        return "exceeding", None
    return "onTrack", None


# ---------------------------------------------------------------------------------------------------------------------
# The figures

def compute():
    pupils = read_pupils()
    figures = {
        "source": "Junior School Project (Mortimore et al. 1988), file jsp.csv of the R package faraway",
        "declared": {
            "reliability": RELIABILITY,
            "confidence": 0.95,
            "parameters": PARAMETERS,
            "tests": [
                {"subject": s, "year": y, **TESTS[s, y], "reliability": RELIABILITY} for s in SUBJECTS for y in YEARS],
            "groups": {"social7to9": [7, 8, 9], "social1to6": [1, 2, 3, 4, 5, 6]},
        },
        "counts": {
            "rows": sum(1 for p in pupils for key in p["marks"] if key[0] == "english"),
            "pupils": len(pupils),
            "schools": len({p["school"] for p in pupils}),
            "pupilsByGroup": {g: sum(1 for p in pupils if member(p)) for g, member in GROUPS.items()},
            "pupilsBySocialClass": {str(c): sum(1 for p in pupils if p["social"] == c) for c in range(1, 10)},
            "rowsByYear": {str(y): len(marks(pupils, "all", "english", y)) for y in YEARS},
            "pupilsWithAllYears": sum(1 for p in pupils if len(p["marks"]) == 2 * len(YEARS)),
        },
        "means": [], "meanGaps": [], "proportions": [], "proportionGaps": [], "fits": [], "statuses": [],
    }
    fits = {}
    for subject in SUBJECTS:
        for year in YEARS:
            cut = TESTS[subject, year]["middleFrom"]
            here = {"subject": subject, "year": year}
            below = {}
            for group in GROUPS:
                values = marks(pupils, group, subject, year)
                figures["means"].append({
                    **here, "group": group, "n": len(values), "mean": mean(values), "sd": sd(values),
                    **across(mean_across(marks_by_school(pupils, group, subject, year)))})
                low = below[group] = (sum(1 for v in values if v < cut), len(values))
                lower, upper = wilson(*low)
                figures["proportions"].append({
                    **here, "group": group, "measure": "low", "count": low[0], "n": low[1],
                    "proportion": low[0] / low[1], "lower": lower, "upper": upper,
                    **across(share_across(marks_by_school(pupils, group, subject, year, lambda mark: int(mark < cut))))})
                lower, upper = wilson(low[1] - low[0], low[1])
                figures["proportions"].append({
                    **here, "group": group, "measure": "middleOrHigh", "count": low[1] - low[0], "n": low[1],
                    "proportion": 1 - low[0] / low[1], "lower": lower, "upper": upper,
                    **across(share_across(marks_by_school(pupils, group, subject, year, lambda mark: int(mark >= cut))))})
            for by, group, comparator in GAPS:
                ours, theirs = marks(pupils, group, subject, year), marks(pupils, comparator, subject, year)
                gap = welch(ours, theirs)
                figures["meanGaps"].append({
                    **here, "by": by, "group": group, "comparator": comparator, "n": len(ours),
                    "comparatorN": len(theirs), **gap, "hedgesG": hedges_g(ours, theirs),
                    **across(difference_across(
                        (gap["lower"], gap["upper"]), marks_by_school(pupils, group, subject, year),
                        marks_by_school(pupils, comparator, subject, year)))})
                for measure in ("low", "middleOrHigh"):
                    counts = [
                        (low if measure == "low" else n - low, n) for low, n in (below[group], below[comparator])]
                    pairs = (*counts[0], *counts[1])
                    difference, lower, upper = newcombe(*pairs)
                    counted = (lambda mark: int(mark < cut)) if measure == "low" else (lambda mark: int(mark >= cut))
                    figures["proportionGaps"].append({
                        **here, "by": by, "measure": measure, "group": group, "comparator": comparator,
                        "difference": difference, "lower": lower, "upper": upper, "wholePupils": whole_pupils(*pairs),
                        **across(difference_across(
                            (lower, upper), marks_by_school(pupils, group, subject, year, counted),
                            marks_by_school(pupils, comparator, subject, year, counted)))})
            for prior in YEARS[:year]:
                both = [p["marks"] for p in pupils if {(subject, prior), (subject, year)} <= set(p["marks"])]
                if len(both) < PARAMETERS["minimumFitPupils"]:
                    continue
                fit = least_squares([m[subject, prior] for m in both], [m[subject, year] for m in both])
                fits[subject, prior, year] = fit
                figures["fits"].append({"subject": subject, "prior": prior, "current": year, **fit})
    for subject in SUBJECTS:
        for year in YEARS:
            given = [(status(subject, year, p, fits), p) for p in pupils]
            reasons = [reason for (name, reason), _ in given if name == "noData"]
            for group in GROUPS:
                names = [name for (name, _), p in given if GROUPS[group](p)]
                figures["statuses"].append({
                    "subject": subject, "year": year, "group": group, "n": len(names),
                    "counts": {s: names.count(s) for s in STATUSES}})
            figures["statuses"][-len(GROUPS)]["noDataReasons"] = {
                reason: reasons.count(reason) for reason in ("noScore", "noPriorScore", "noFit")}
    return figures


def rounded(value):
    """Ten significant digits: more than any comparison needs, fewer than two machines could differ in."""
    if isinstance(value, float):
        return float(f"{value:.10g}")
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def main():
    if not SOURCE.exists():
        print(f"skipped: {SOURCE} is not here; set GT_SHARED to the folder that holds data/")
        return 0
    text = json.dumps(rounded(compute()), indent=1) + "\n"
    target = HERE / "figures.json"
    if "--check" in sys.argv[1:]:
        same = target.exists() and target.read_text(encoding="utf-8") == text
        print("figures.json is what figures.py computes" if same else "figures.json differs: run figures.py")
        return 0 if same else 1
    target.write_text(text, encoding="utf-8")
    print(f"wrote {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
