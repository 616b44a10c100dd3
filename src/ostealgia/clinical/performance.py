"""Performance status: ECOG and Karnofsky, by two published mappings that differ at 90, 70, 50 and 30.

Sources (check_status: remembered)
    oken    Oken MM et al. Am J Clin Oncol 1982;5:649-655
    verger  Verger E et al. Eur J Cancer 1992;28A:1328-1330. doi:10.1016/0959-8049(92)90510-9; Ma C et al. Eur J Cancer
            2010;46:3175-3183. doi:10.1016/j.ejca.2010.06.126
"""

from __future__ import annotations

from dataclasses import dataclass

from ostealgia.errors import OptionError
from ostealgia.options import one_of

# scheme -> ECOG -> the Karnofsky values it stands for
SCHEMES: dict[str, dict[int, tuple[int, ...]]] = {
    "oken": {0: (90, 100), 1: (70, 80), 2: (50, 60), 3: (30, 40), 4: (10, 20), 5: (0,)},
    "verger": {0: (100,), 1: (80, 90), 2: (60, 70), 3: (40, 50), 4: (10, 20, 30), 5: (0,)},
}


@dataclass(frozen=True, kw_only=True)
class Performance:
    """A converted status. values : one ECOG grade, or the Karnofsky values of a grade.  scheme : the mapping used.  differs : another
    published mapping gives another answer."""

    values: tuple[int, ...]
    scheme: str
    differs: bool
    check_status: str = "remembered"


def ecog_of_karnofsky(karnofsky: int, *, scheme: str) -> Performance:
    """The ECOG grade of a Karnofsky status by a named mapping; there is no default.

    karnofsky : 0 to 100 in steps of 10.

    >>> ecog_of_karnofsky(70, scheme="oken").values, ecog_of_karnofsky(70, scheme="verger").values
    ((1,), (2,))
    """
    one_of("scheme", scheme, SCHEMES)
    if karnofsky not in range(0, 101, 10):
        raise OptionError("karnofsky is not one of 0, 10, 20, ... 100.")
    found = {
        name: next(grade for grade, values in table.items() if karnofsky in values) for name, table in SCHEMES.items()
    }
    return Performance(values=(found[scheme],), scheme=scheme, differs=len(set(found.values())) > 1)


def karnofsky_of_ecog(ecog: int, *, scheme: str) -> Performance:
    """The Karnofsky values that an ECOG grade stands for, by a named mapping.

    >>> karnofsky_of_ecog(1, scheme="verger").values
    (80, 90)
    """
    one_of("scheme", scheme, SCHEMES)
    if ecog not in range(6):
        raise OptionError("ecog is not one of 0, 1, 2, 3, 4, 5.")
    values = SCHEMES[scheme][int(ecog)]
    return Performance(values=values, scheme=scheme, differs=len({table[int(ecog)] for table in SCHEMES.values()}) > 1)
