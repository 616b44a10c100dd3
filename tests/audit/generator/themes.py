"""What the made-up papers are about: words of several fields of medicine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """Words of one field. arms : treated, control.  outcome : a good binary outcome.  scale : a 0-10 rating."""

    population: str
    arms: tuple[str, str]
    groups: tuple[str, str]
    outcome: str
    responder: tuple[str, str]
    scale: str
    binary: tuple[str, ...]
    categories: tuple[tuple[str, tuple[str, ...]], ...]
    adverse: tuple[str, ...]


THEMES: tuple[Theme, ...] = (
    Theme(
        population="patients with painful bone metastases",
        arms=("radiotherapy plus bisphosphonate", "radiotherapy alone"),
        groups=("combination group", "radiotherapy group"),
        outcome="pain response",
        responder=("Responders", "Non-responders"),
        scale="Worst pain (NRS 0-10)",
        binary=("Male sex", "Visceral metastases", "Opioid use at baseline", "Spinal lesion", "Previous chemotherapy"),
        categories=(
            ("Primary tumor", ("Breast", "Lung", "Prostate", "Other")),
            ("ECOG performance status", ("0-1", "2", "3-4")),
            ("Number of lesions", ("1-3", ">3")),
        ),
        adverse=("Nausea or vomiting", "Fatigue", "Pain flare", "Diarrhea", "Skin reaction", "Pathologic fracture"),
    ),
    Theme(
        population="adults undergoing total knee arthroplasty",
        arms=("adductor canal block", "femoral nerve block"),
        groups=("ACB group", "FNB group"),
        outcome="early ambulation",
        responder=("Ambulated", "Not ambulated"),
        scale="Pain at rest, NRS",
        binary=("Female", "Diabetes mellitus", "Hypertension", "Current smoker", "General anesthesia"),
        categories=(
            ("ASA class", ("I", "II", "III")),
            ("Side", ("Left", "Right")),
            ("Kellgren-Lawrence grade", ("II", "III", "IV")),
        ),
        adverse=("Nausea", "Vomiting", "Pruritus", "Falls", "Urinary retention", "Dizziness"),
    ),
    Theme(
        population="hospitalised patients with an exacerbation of COPD",
        arms=("early pulmonary rehabilitation", "usual care"),
        groups=("intervention group", "control group"),
        outcome="clinically relevant improvement",
        responder=("Improved", "Not improved"),
        scale="Borg dyspnoea score",
        binary=("Men", "Home oxygen", "Coronary heart disease", "Living alone", "Inhaled corticosteroids"),
        categories=(
            ("GOLD stage", ("2", "3", "4")),
            ("Smoking status", ("Never", "Former", "Current")),
            ("Exacerbations in the last year", ("0", "1", "2 or more")),
        ),
        adverse=("Musculoskeletal pain", "Desaturation", "Readmission within 30 days", "Palpitations", "Fall"),
    ),
    Theme(
        population="people with oligometastatic spinal disease",
        arms=("stereotactic body radiotherapy", "conventional external beam radiotherapy"),
        groups=("SBRT arm", "cEBRT arm"),
        outcome="complete pain relief",
        responder=("Complete response", "No complete response"),
        scale="Average pain score (0-10)",
        binary=("Male", "Epidural extension", "Neurological deficit", "Prior surgery", "Steroid use"),
        categories=(
            ("Histology", ("Radiosensitive", "Radioresistant")),
            ("Spinal level", ("Cervical", "Thoracic", "Lumbar", "Sacral")),
            ("Bilsky grade", ("0", "1", "2")),
        ),
        adverse=("Vertebral compression fracture", "Oesophagitis", "Fatigue", "Dermatitis", "Pain flare", "Myelitis"),
    ),
    Theme(
        population="outpatients with chronic heart failure",
        arms=("telemonitoring", "standard follow-up"),
        groups=("telemonitoring group", "standard care group"),
        outcome="treatment success",
        responder=("Success", "Failure"),
        scale="Fatigue rating (0 to 10)",
        binary=("Women", "Atrial fibrillation", "Beta-blocker", "Ischaemic aetiology", "Pacemaker"),
        categories=(
            ("NYHA class", ("II", "III", "IV")),
            ("Education", ("Primary", "Secondary", "Tertiary")),
            ("Place of residence", ("Urban", "Rural")),
        ),
        adverse=("Hypotension", "Hyperkalaemia", "Worsening renal function", "Syncope", "Hospital admission"),
    ),
)

AUTHORS = (
    "Smith", "Müller", "Rossi", "Tanaka", "Okafor", "Lindqvist", "García", "Kim", "Nguyen", "Dubois", "Haddad", "Novak",
    "Silva", "Brown", "Ivanov", "Chen", "Patel", "van Dijk", "O'Brien", "Yilmaz", "Kowalski", "Sato", "Jensen", "Costa",
)  # fmt: skip
COUNTRIES = ("Italy", "Japan", "Canada", "Germany", "China", "USA", "Brazil", "Turkey", "Sweden", "India")
