"""Tables that have another reading in which every number fits, beside tables with the same look and an error.

Every table is made up; P values were computed with scipy.stats.
"""

import pytest

from ostealgia.audit.checks.tables import counts as table_counts
from ostealgia.audit.checks.tables import margins as table_margins
from ostealgia.audit.checks.tables import p_values as table_tests
from ostealgia.audit.checks.tables import quantiles as table_quantiles
from ostealgia.audit.checks.tables import scales as table_scales
from ostealgia.audit.checks.tables import wholes as table_wholes
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.tables import read_tables
from ostealgia.audit.tables.headers import is_total, several_sizes
from ostealgia.io.documents.reading import from_text

MODULES = (table_counts, table_margins, table_tests)


def flags(*tables, captions=(), note=""):
    blocks = []
    for i, rows in enumerate(tables):
        caption = captions[i] if i < len(captions) else "Characteristics of the patients"
        lines = "\n".join("\t".join(cell.strip() for cell in row.split("|")) for row in rows.strip().split("\n"))
        blocks.append(f"Table {i + 1}. {caption}\n\n{lines}\n\n{note}\n")
    document = from_text("Results\n\n" + "\n\n".join(blocks))
    paper = Paper(document=document, tables=read_tables(document))
    assert len(paper.tables) == len(tables)
    found = [finding for module in MODULES for check in module.CHECKS for finding in check(paper)]
    return [finding for finding in found if finding.flagged]


TESTED = """
Variable | Group A (n = 120) | Group B (n = 110) | P
Smoker, n (%) | 40 (33.3) | 28 (25.5) | 0.19
Diabetes, n (%) | 22 (18.3) | 25 (22.7) | 0.41
Hypertension, n (%) | 61 (50.8) | 49 (44.5) | 0.34
Asthma, n (%) | 12 (10.0) | 19 (17.3) | 0.11
"""


def test_a_p_that_no_reading_of_the_counts_gives_is_a_flag():
    found = flags(TESTED + "Anaemia, n (%) | 30 (25.0) | 29 (26.4) | 0.03")
    assert [f.rule for f in found] == ["chi2-vs-counts"]


def test_three_other_p_values_must_say_that_the_column_holds_plain_tests():
    short = "\n".join(TESTED.strip().split("\n")[:3])
    assert not flags(short + "\nAnaemia, n (%) | 30 (25.0) | 29 (26.4) | 0.03")


@pytest.mark.parametrize(
    "rows",
    [
        # second attempt of those whose first had failed: 20 of 40 and 12 of 30
        "First attempt, n (%) | 80 (66.7) | 80 (72.7) | 0.32\nSecond attempt, n (%) | 20 (16.7) | 12 (10.9) | 0.41",
        # one test of two categories and all others, printed at both: 12, 8, 100 and 2, 16, 92
        "Dilated, n (%) | 12 (10.0) | 2 (1.8) | 0.007\nHypertrophic, n (%) | 8 (6.7) | 16 (14.5) | 0.007",
        # P of the mean beside it
        "Titre | | |\n- Positive, n (%) | 90 (75.0) | 100 (90.9) | 0.67\n- Mean ± SD | 104.8 ± 57.5 | 101.7 ± 56.2 | 0.67",
    ],
)
def test_p_of_other_counts(rows):
    assert not flags(TESTED + rows)


def test_patients_in_no_category_are_one_more():
    # with 6 and 1 in none of the two P is 0.196, without them 0.94
    rows = "Treatment | | | 0.20\n- Surgery | 100 (83.3) | 96 (87.3) |\n- Both | 14 (11.7) | 13 (11.8) |"
    assert not flags(TESTED + rows)


ONE_P = """
<html><body><h1>T</h1><h2>Results</h2><table><caption>Table 1. Characteristics of the patients, n (%)</caption>
<thead><tr><th>Variable</th><th>A (n = 100)</th><th>B (n = 100)</th><th>P</th></tr></thead><tbody>
<tr><td>Site: spine</td><td>50 (50.0)</td><td>40 (40.0)</td><td rowspan="3">0.35</td></tr>
<tr><td>Site: pelvis</td><td>30 (30.0)</td><td>35 (35.0)</td></tr><tr><td>Site: limbs</td><td>20 (20.0)</td><td>25 (25.0)</td></tr>
<tr><td>Female</td><td>55 (55.0)</td><td>50 (50.0)</td><td>0.48</td></tr>
<tr><td>Smoker</td><td>30 (30.0)</td><td>28 (28.0)</td><td>0.76</td></tr>
<tr><td>Diabetes</td><td>15 (15.0)</td><td>22 (22.0)</td><td>0.20</td></tr></tbody></table></body></html>
"""


def test_a_p_beside_several_rows_is_of_all_of_them(tmp_path):
    from ostealgia.audit.checking import check
    from ostealgia.io.documents.reading import read_here

    path = tmp_path / "a.html"
    path.write_text(ONE_P, encoding="utf-8")
    audit = check(read_here(path))
    assert not audit.flags and sum(f.rule == "chi2-vs-counts" for f in audit.findings) == 4


SHARES = """
Variable | Group A (n = 99) | Group B (n = 102)
Smoker, n (%) | 33 (33.3) | 28 (27.5)
Diabetes, n (%) | 22 (22.2) | 25 (24.5)
Hypertension, n (%) | 51 (51.5) | 49 (48.0)
"""


def test_a_percentage_that_fits_nothing_is_a_flag():
    assert [f.rule for f in flags(SHARES + "Female, n (%) | 55 (56.6) | 50 (49.0)")] == ["percent-vs-count"]


@pytest.mark.parametrize(
    "rows",
    [
        "Procedural success, n (%) | 98 (100) | 102 (100)",  # one without a value
        "Seen at 6 months, n (%) | 50 (58.8) | 51 (58.0)",  # of those still followed
        "Not yet at home | 10 (10.1) | 12 (11.8)\nHome later | 8 (80.0) | 9 (75.0)\nNever home | 2 (20.0) | 3 (25.0)",
        "Body fat (%) | 36 (7.7) | 37.2 (6.9)",  # means with SDs
        "Reaction at the site of the drip, n (%) | 13 (36.1) | 24 (41.4)",  # 36 and 58 of them had one
        "Nausea, n (% of treated) | 6 (11.5) | 28 (27.5)",
        "Late effects (n = 54), n (%) | 13 (24.1) | 28 (27.5)\nUlcer, n (%) | 6 (11.1) | 10 (9.8)",
    ],
)
def test_another_denominator_that_the_table_shows(rows):
    assert not flags(SHARES + rows)


def test_one_more_patient_by_a_note():
    rows = SHARES + "Interactions, n (%) | 30 (30.0) | 28 (27.5)"
    assert not flags(rows, note="Note: one patient was included at baseline, making n = 100.") and flags(rows)


def test_sizes_with_a_blank_between_thousands():
    rows = "Characteristic | Data (n = 11 340)\nSex, n (%) |\n- Female | 5431 (47.9)\n- Male | 5909 (52.1)\nSmoker, n (%) | 2835 (25.0)"
    assert not flags(rows)


def test_a_cut_percentage_and_what_is_left_of_100():
    rows = "Characteristic | Patients (n = 42)\nStatus, n (%) |\n- 0 | 18 (42.8)\n- 1 | 24 (57.2)\nSmoker, n (%) | 10 (23.8)"
    assert not flags(rows)


def test_whole_percentages_with_a_point():
    rows = """
Variable | Patients (n = 84)
Female, n (%) | 50 (60.0)
One lesion, n (%) | 36 (43.0)
Two lesions, n (%) | 24 (29.0)
Smoker, n (%) | 21 (25.0)
Diabetes, n (%) | 10 (12.0)
"""
    assert not flags(rows)


def test_a_mark_with_its_own_size():
    rows = SHARES + "Support with earlier children† | |\n- Yes | 15 (75.0) | 14 (56.0)"
    assert not flags(rows, note="†n = 45")


def test_one_missing_in_a_table_of_one_column():
    rows = "Variable | All patients (n = 99)\nFemale, n (%) | 55 (56.1)\nSmoker, n (%) | 33 (33.3)\nDiabetes, n (%) | 22 (22.2)\n"
    assert not flags(rows + "Asthma, n (%) | 9 (9.1)\nHypertension, n (%) | 51 (51.5)")


def test_a_part_of_the_row_above_in_a_table_of_one_column():
    rows = """
Variable | All patients (n = 204)
Smoker, n (%) | 33 (16.2)
Women, n (%) | 91 (44.6)
After menopause, n (%) | 74 (81.3)
Diabetes, n (%) | 22 (10.8)
Asthma, n (%) | 9 (4.4)
Hypertension, n (%) | 51 (25.0)
"""
    assert not flags(rows)
    assert len(flags(rows.replace("74 (81.3)", "74 (86.3)"))) == 1


def test_no_below_yes_is_an_answer():
    rows = "Vaccinated, n (%) | |\nYes | 60 (61.9) | 70 (68.6)\nNo | 37 (38.1) | 32 (31.4)"
    assert not flags(SHARES + rows)  # 97 of 99 answered
    assert flags(SHARES + rows.replace("32 (31.4)", "32 (13.4)"))


def test_a_column_n_gives_each_row_its_own_size():
    rows = """
Symptom | N | Yes, n (%)
Cough | 261 | 117 (44.8)
Wheezing | 258 | 39 (15.1)
Breathlessness | 240 | 57 (23.8)
Fatigue | 263 | 44 (16.7)
"""
    assert not flags(rows)


def test_missing_values_in_all_and_in_one_group():
    rows = """
Variable | All (n = 260) | Centre 1 (n = 84) | Centre 2 (n = 176)
Smoker, n (%) | 91 (35.0) | 37 (44.0) | 54 (30.7)
Diabetes, n (%) | 83 (31.9) | 22 (26.2) | 61 (34.7)
Hypertension, n (%) | 133 (51.2) | 43 (51.2) | 90 (51.1)
"""
    assert not flags(rows + "Low clearance, n (%) | 93 (41.9) | 43 (51.2) | 50 (36.2)")
    assert flags(rows + "Low clearance, n (%) | 93 (35.8) | 43 (51.2) | 50 (36.2)")


def test_names_and_sizes_of_columns():
    assert (
        is_total("Combined (n = 205)")
        and is_total("Both groups")
        and not is_total("Combined ibuprofen and paracetamol")
    )
    assert several_sizes("15 mg (n=131) 45 mg (n=134)") and not several_sizes("45 mg (n=134)")


DIVIDED = (
    """
Variable | SBRT (n = 100) | EBRT (n = 102)
Smoker, n (%) | 33 (33.0) | 28 (27.5)
Diabetes, n (%) | 22 (22.0) | 25 (24.5)
Hypertension, n (%) | 51 (51.0) | 49 (48.0)
Visceral metastases, n (%) | 52 (52.0) | 57 (55.9)
""",
    """
Variable | Responders (n = 130) | Others (n = 72)
Smoker, n (%) | 40 (30.8) | 21 (29.2)
Diabetes, n (%) | 30 (23.1) | 17 (23.6)
Hypertension, n (%) | 62 (47.7) | 38 (52.8)
Visceral metastases, n (%) | 62 (48.8) | 45 (62.5)
""",
)


def test_two_tables_of_the_same_patients():
    assert not flags(*DIVIDED)  # 62 of 127: three without a value
    whole = DIVIDED[1].replace("62 (48.8)", "62 (47.7)")
    assert [f.rule for f in flags(DIVIDED[0], whole)] == ["cross-reference"]


ADJUSTED = """
Band | Control (n = 44) | Patients (n = 53) | F | P
Delta, mean ± SD | 1.51 ± 3.65 | 2.10 ± 4.44 | 0.25 | 0.617
Theta, mean ± SD | 4.11 ± 10.68 | 5.23 ± 11.66 | 0.09 | 0.764
Beta, mean ± SD | 3.68 ± 4.38 | 5.48 ± 7.53 | 1.36 | 0.247
"""


def test_statistics_of_adjusted_means():
    assert not [f for f in flags(ADJUSTED) if f.rule == "t-vs-summary"]
    plain = flags(ADJUSTED, note="F of a one-way analysis of variance.")
    assert {f.rule for f in plain} == {"t-vs-summary"}


def test_categories_of_fewer_patients():
    rows = SHARES + "Partner, n (%) | |\n- Yes | 90 (92.8) | 92 (90.2)\n- No | 7 (7.2) | 10 (9.8)"
    assert not flags(rows)


def test_percentages_made_to_add_up_to_100():
    rows = (
        SHARES
        + "Stage, n (%) | |\n- I | 33 (33.3) | 34 (33.3)\n- II | 33 (33.3) | 34 (33.3)\n- III | 33 (33.4) | 34 (33.4)"
    )
    assert not flags(rows)
    assert len(flags(rows.replace("33 (33.4)", "33 (34.3)"))) == 1


STUDIES = """
Author, year | N | Baseline PS | Baseline SD
Adams, 2019 [1] | 10 | 6 | 2.7
Brown, 2019 [2] | 31 | 5.6 | 1.8
Clark, 2018 [3] | 72 | 6 | 4.3
Davis, 2017 [4] | 14 | 2.5 | 1.9
"""


def test_spreads_of_scores_in_columns_of_their_own():
    def found(rows, scale):
        lines = "\n".join("\t".join(cell.strip() for cell in row.split("|")) for row in rows.strip().split("\n"))
        text = f"Methods\n\nPain was rated on {scale}.\n\nResults\n\nTable 1. Studies\n\n{lines}\n\nPS, pain score\n"
        document = from_text(text)
        paper = Paper(document=document, tables=read_tables(document))
        return list(table_scales.table_study_pairs(paper))

    assert [f.verdict for f in found(STUDIES, "a 10-point numerical rating scale")] == ["consistent"] * 4
    changed = found(STUDIES.replace("4.3", "6.3"), "a 10-point numerical rating scale")
    assert [f.flagged for f in changed] == [False, False, True, False]
    assert not found(STUDIES, "a scale from 0 to 100")


def test_a_fraction_with_a_digit_too_many():
    rows = (
        "Sign | Patients, n/N (%)\nFever | 44/65 (67.7)\nCough | 16/65 (24.6)\nRash | 5/65 (7.7)\nPain | 33/64 (51.6)"
    )
    assert not flags(rows)
    assert [f.rule for f in flags(rows.replace("44/65", "444/65"))] == ["percent-vs-count"]


def test_the_number_of_a_table_is_no_size():
    rows = "Characteristic | No. of patients | %\nGender | |\n- Male | 47 | 83.9\n- Female | 9 | 16.1"
    lines = "\n".join("\t".join(cell.strip() for cell in row.split("|")) for row in rows.split("\n"))
    document = from_text(f"Results\n\nTable 2 Patients' characteristics at baseline\n\n{lines}\n")
    paper = Paper(document=document, tables=read_tables(document))
    found = [finding for module in MODULES for check in module.CHECKS for finding in check(paper)]
    assert paper.tables and not any(f.flagged for f in found)


def test_two_rows_of_one_part():
    rows = SHARES + "Bleeding, n (%) | 11 (22.9) | 32 (31.4)\nLarge bleeding, n (%) | 2 (4.2) | 14 (13.7)"
    assert not flags(rows)  # of 48 who had a scan


def test_a_heading_below_names_the_columns_anew():
    rows = (
        "Event | Kind | Drug A (n = 84) | Drug B (n = 37) | Drug C (n = 40)\nAny | all | 32 (38) | 9 (24) | 12 (30)\n"
        "Serious | all | 21 (25) | 3 (8) | 4 (10)\nFatal | all | 4 (5) | 2 (5) | 2 (5)\nLate | all | 5 (6) | 4 (11) | 2 (5)\n"
    )
    below = "Event | Drug A | Drug B | Drug C | P\nFever | 12 (14) | 4 (11) | 2 (5) | 0.22\nRash | 3 (4) | 2 (5) | 6 (15) | 0.05"
    assert not flags(rows + below)
    assert [f.rule for f in flags(rows.replace("21 (25)", "21 (52)") + below)] == ["percent-vs-count"]


def test_shares_across_a_row_made_to_add_up_to_100():
    rows = (
        "Response | n | Up (%) | Same (%) | Down (%) | P\nFull | 52 | 28 (53.8) | 18 (34.6) | 6 (11.5) | 0.46\n"
        "Part | 50 | 25 (50.0) | 15 (30.0) | 10 (20.0) | 0.31\nLittle | 40 | 20 (50.0) | 14 (35.0) | 6 (15.0) | 0.28\n"
        "None | 46 | 11 (23.9) | 19 (41.4) | 16 (34.7) | 0.53"
    )
    assert not flags(rows)  # 19 of 46 is 41.3, 16 of 46 is 34.8: made to add up
    assert [f.rule for f in flags(rows.replace("41.4", "44.1"))] == ["percent-vs-count"]


def test_a_row_with_a_mark_that_counts_fewer_patients():
    rows = SHARES + "Help at home, n (%)ᶜ | 33 (33.3) | 13 (48.1)"
    assert not flags(rows, note="ᵃ n = 97; ᶜ n = 45")
    assert flags(rows.replace("ᶜ", ""))


def test_an_interval_of_a_median_estimate_is_no_range():
    rows = (
        "Measure | Median estimate β | P\nUse, weekend | 0.04 [0.00, 0.03] | .01\nUse, weekday | 0.02 [0.00, 0.04] | .02\n"
        "Self-report | 0.01 [-0.02, 0.03] | .40\nDiary | -0.01 [-0.03, 0.02] | .30"
    )
    lines = "\n".join("\t".join(cell.strip() for cell in row.split("|")) for row in rows.split("\n"))
    document = from_text(
        f"Results\n\nTable 1. Results of resampling\n\n{lines}\n\nValues in brackets are 95% confidence intervals.\n"
    )
    paper = Paper(document=document, tables=read_tables(document))
    assert paper.tables
    assert not any(f.flagged for f in table_quantiles.table_quantiles(paper))


def test_a_column_under_the_heading_of_its_neighbour():
    rows = (
        "Variable | Dose A (n = 249) | Dose B (n = 251) | Dose C (n = 254)\nAge, n (%)\n"
        "- Under 65 | 40 (16) | 43 (17) | 124 (16)\n- 65-74 | 99 (40) | 99 (39) | 296 (39)\n"
        "- 75 or over | 110 (44) | 112 (44) | 337 (45)\nSex, n (%)\n- Men | 95 (38) | 97 (38) | 288 (38)\n"
        "- Women | 154 (62) | 157 (62) | 469 (62)"
    )
    table = read_tables(from_text("Results\n\nTable 1. Patients\n\n" + rows.replace(" | ", "\t") + "\n"))[0]
    columns = table.columns[1:]
    assert [table_wholes.of_another_group(table, c, n) for c, n in zip(columns, (249, 254, 757), strict=True)] == [
        False,
        True,
        False,
    ]


def test_a_total_of_something_else():
    assert not table_wholes.far_total(SUM, [47, 9], 2).flagged
    assert table_wholes.far_total(SUM, [47, 9], 65).flagged  # "56"
    assert table_wholes.far_total(SUM, [439, 99, 112], 254).flagged  # 43, a digit too many


SUM = Finding(rule="total-vs-parts", reported="47 + 9", verdict="inconsistent", severity="minor")


def test_a_trend_test_of_all_categories_beside_one_of_them():
    rows = TESTED + (
        "Places, n (%)\n- 1 | 40 (33.3) | 26 (23.6) |\n- 2 | 38 (31.7) | 52 (47.3) | {}\n- 3 or more | 42 (35.0) | 32 (29.1) |"
    )
    assert not flags(rows.format("0.713"))  # linear by linear; Pearson's is 0.048
    assert [f.rule for f in flags(rows.format("0.003"))] == ["chi2-vs-counts"]


def test_categories_with_a_row_of_missing_values_made_to_add_up_to_100():
    rows = (
        "Patients | n (%)\nState\n- 0 | 99 (40.8)\n- 1 | 113 (46.5)\n- 2 | 29 (11.9)\n- Missing values | 2 (0.8)\n"
        "Grade\n- Low | 97 (39.9)\n- High | 146 (60.1)\nType\n- Serous | 166 (68.3)\n- Other | 77 (31.7)"
    )
    caption = ["Characteristics of 243 patients"]
    assert not flags(rows, captions=caption)
    assert [f.rule for f in flags(rows.replace("40.8", "47.0"), captions=caption)] == ["percent-vs-count"]


def test_a_size_that_only_other_variables_imply_is_not_that_of_a_row():
    rows = (
        "Patients | Yes, n (%) | No, n (%) | P\nOpen wound | 6 (8.2) | 23 (18.0) | 0.02\nType\n- Flat | 53 (71.6) | 90 (68.7) | 0.8\n"
        "- Round | 14 (18.9) | 28 (21.4) |\n- Other | 7 (9.5) | 13 (9.9) |\nPlace\n- Arm | 52 (70.3) | 86 (65.6) | 0.6\n"
        "- Leg | 4 (5.4) | 7 (5.3) |\n- Trunk | 18 (24.3) | 38 (29.0) |"
    )
    assert not flags(rows)  # 6 of 73, 23 of 128; the others are of 74 and 131
    assert [f.rule for f in flags(rows.replace("5.4", "9.4"))] == ["percent-vs-count"]


INDENTED = [
    "No. included|41|100", "State||", "\u2003Local|17|41.5", "\u2003Spread|24|58.5", "\u2003\u2003Nodes|18|43.9", "\u2003\u2003Lung|6|14.6",
    "\u2003\u2003Several|6|{}", "Sex||", "\u2003Men|31|75.6", "\u2003Women|10|24.4",
]  # fmt: skip


@pytest.mark.parametrize(("percent", "wrong"), [("25", []), ("41", ["percent-vs-count"])])
def test_a_percentage_of_the_row_it_is_indented_under(tmp_path, percent, wrong):
    from ostealgia.io.documents.reading import read_here

    cells = [row.format(percent).replace("|", "</td><td>") for row in INDENTED]
    body = "".join(f"<tr><td>{row}</td></tr>" for row in cells)
    table = f"<table><thead><tr><th></th><th>No.</th><th>%</th></tr></thead><tbody>{body}</tbody></table>"
    path = tmp_path / "a.html"
    path.write_text(
        f"<html><body><h2>Results</h2>{table}</body></html>".replace(
            "<table>", "<table><caption>Table 1. Patients</caption>"
        )
    )
    document = read_here(path)
    paper = Paper(document=document, tables=read_tables(document))
    assert [f.rule for f in table_counts.table_counts(paper) if f.flagged] == wrong


def test_rows_that_run_on_into_the_next_variable():
    rows = (
        "Patients | Older (n = 158) | Younger (n = 52)\nColour\nWhite | 131 (82.9) | 49 (94.2)\nGrey | 27 (17.1) | 3 (5.8)\n"
        "Route of the drug\nOral | 70 (44.3) | 20 (38.5)\nParenteral | 55 (34.8) | 21 (40.4)\nOther drugs at the start | {last} | 11 (21.2)"
    )
    assert not flags(rows.format(last="51 (32.3)"))
    assert [f.rule for f in flags(rows.format(last="33 (10.9)"))] == ["percent-vs-count"]
