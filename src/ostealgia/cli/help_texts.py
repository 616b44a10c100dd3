"""Examples under each --help. A line with a backspace character keeps the line breaks of its paragraph."""

from __future__ import annotations

MAIN_EPILOG = """\b
Examples:
  ostealgia demo                                  the bundled reviews, published and recomputed
  ostealgia pool studies.csv --measure OR         one pooled result from a table
  ostealgia init my-review --template two-arm     a new project; then: ostealgia run my-review
  ostealgia audit paper.pdf --html paper.html     each printed number recomputed from the others
  ostealgia options patient.json                  one patient: emergencies, then criteria of therapies
\b
Exit status: 0 done; 1 done, with findings (audit, verify); 2 the input or the call is wrong;
3 a fault of ostealgia itself (please report it; --debug shows where); 130 stopped by you."""

DEMO_EXAMPLES = """\b
Examples:
  ostealgia demo
  ostealgia demo --out reports --json > claims.json"""

INIT_EXAMPLES = """\b
Examples:
  ostealgia init my-review --template two-arm
  ostealgia init pain-incidence --template prevalence"""

RUN_EXAMPLES = """\b
Examples:
  ostealgia run my-review
  ostealgia run my-review --out results --json > results.json"""

VERIFY_EXAMPLES = """\b
Examples:
  ostealgia verify my-review
  ostealgia verify my-review --json > differences.json"""

POOL_EXAMPLES = """\b
Columns: events_1, n_1, events_2, n_2 | mean_1, sd_1, n_1, mean_2, sd_2, n_2 | events, n | mean, sd, n |
  events, person_time | mean_pre, sd_pre, mean_post, sd_post, n, correlation | estimate, std_error |
  estimate, ci_low, ci_high; _1 is the treated group. Other spellings (ai, n1i, yi, sei, ...) are mapped
  and the mapping is shown.
\b
Examples:
  ostealgia pool trials.csv --measure OR --forest forest.svg
  ostealgia pool pain.csv --measure MD --tau2 PM --ci HK --subgroup design
  ostealgia pool responders.xlsx --measure PLO --model glmm --sheet 3-month
  ostealgia pool change.csv --measure MC --correlation 0.5 --leave-one-out
  ostealgia pool hazard.csv --measure HR --json > pooled.json
  ostealgia pool trials.csv --measure OR --moderators "~ year + factor(design)"
  ostealgia pool effects.csv --measure SMD --cluster study          (several effects of one study)
  ostealgia pool trials.csv --measure OR --model MH --conventions meta          (as R's meta has it)
  ostealgia pool responders.csv --measure PLO --model glmm --glmm-method EE     (one common effect)
  ostealgia pool risk.csv --measure RD --model MH --rd-variance greenland --mh-increment effects
  cat effects.csv | ostealgia pool - --measure GEN"""

NETWORK_EXAMPLES = """\b
Columns: one row an arm: study, treatment and events, n | events, person_time | mean, sd, n; or one row a
  contrast: study, treat1, treat2, estimate, std_error (treat1 less treat2; every pair of arms of a study).
\b
Examples:
  ostealgia network trials.csv --measure OR --reference sham --small-values undesirable
  ostealgia network contrasts.csv --model common --split
  ostealgia network trials.csv --measure MD --graph network.svg --heat heat.svg --json > network.json"""

AUDIT_EXAMPLES = """\b
Each paper is read and checked in a process of its own, with at most 60 s of processor time for each and 1 GiB of memory.
A paper that cannot be read is one message; the others are done.
\b
Examples:
  ostealgia audit paper.pdf
  ostealgia audit paper.pdf --html paper.html --csv findings.csv --docx letter.docx
  ostealgia audit papers/*.pdf --html audits --jobs 4      (a page a paper, and audits/index.html)
  ostealgia audit paper.txt --rules GRIM,p-vs-ci,ci-vs-point --all
  ostealgia audit paper.xml --no-judgement --json > findings.json
\b
Exit status: 0 nothing is flagged; 1 something is; 2 a paper could not be read, or the call is wrong."""

OPTIONS_EXAMPLES = """\b
A fact that is absent or null is unknown, never "no". Laboratory values carry their unit. Messages hold no value of a
patient. Not a medical device, not validated for decisions on one patient.
\b
Examples:
  ostealgia options --examples patients          (invented patients, with the schema)
  ostealgia options patients/typical.json
  ostealgia options patients/radium.json --html radium.html
  ostealgia options patients/sparse.json --json > options.json
  ostealgia options patients/typical.json --sort pi_low
\b
Exit status: 0 done; 2 the record cannot be read, or its facts contradict one another."""

FOLLOW_UP_EXAMPLES = """\b
What is not recorded is asked for and never taken as "no". Not a medical device, not validated for decisions on one patient.
\b
Examples:
  ostealgia follow-up visits.csv
  ostealgia follow-up visits.csv --html course.html
  ostealgia follow-up visits.json --json > course.json
\b
Exit status: 0 done; 1 an alert is an emergency or urgent; 2 the visits cannot be read."""

HOOKS_EXAMPLES = """\b
Nothing of a request is logged or kept, and no other machine is called. Not a medical device, not validated for decisions on one patient.
\b
Examples:
  ostealgia hooks                                (http://127.0.0.1:8799/cds-services)
  ostealgia hooks --port 9000 --allow-origin https://ehr.example
  ostealgia hooks --host 10.0.0.5 --public       (behind a gateway that checks who calls)
\b
Exit status: 0 stopped; 2 the call is wrong, or the extras web and fhir are not installed."""
