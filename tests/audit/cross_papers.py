"""Short made-up papers for the tests of checks that compare places of one paper."""

from ostealgia.audit.checking import understand
from ostealgia.io.documents.reading import from_text

REVIEW_TABLE = """
Table 1. Characteristics of the included studies

Study\tYear\tSample size\tResponders, n (%)\tFollow-up (months)
Adams et al. (11)\t2004\t40\t30 (75.0)\t3
Brown et al. (12)\t2008\t62\t41 (66.1)\t6
Clark et al. (13)\t2011\t25\t20 (80.0)\t3
Davis et al. (14)\t2015\t80\t52 (65.0)\t12
Evans et al. (15)\t2019\t33\t27 (81.8)\t2

"""


def paper(text, name="paper.txt"):
    """The paper as the checks see it."""
    return understand(from_text(text, name=name))[0]


def review(abstract="", results="", table=REVIEW_TABLE, after=""):
    """A review of five studies (240 patients, 170 responders) with these sentences."""
    return paper(
        "Nerve block for rib pain: a systematic review and meta-analysis\n\nAbstract\n\n"
        f"Methods: PubMed was searched. Results: {abstract}\n\n"
        "Introduction\n\nRib pain is common.\n\nMethods\n\nTwo reviewers read every record.\n\n"
        f"Results\n\n{results}\n{table}{after}\n\nDiscussion\n\nThe evidence is small.\n"
    )


def cohort(abstract="", results="", tables="", methods=""):
    """A comparison of two groups with these sentences."""
    return paper(
        "Early walking after hip fracture\n\nAbstract\n\n"
        f"Objective: To compare early with late walking. Results: {abstract}\n\n"
        f"Introduction\n\nHip fracture is common.\n\nMethods\n\n{methods}\n\nResults\n\n{results}\n\n{tables}\n\n"
        "Discussion\n\nWalking early is feasible.\n"
    )


def told(check, subject):
    """What a check says: rule, verdict, printed numerals."""
    return [(found.rule, found.verdict, found.reported) for found in check(subject)]


def flags(check, subject):
    """The flags of a check."""
    return [found for found in check(subject) if found.flagged]
