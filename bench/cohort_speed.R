# Processor time of R on the columns that bench/cohort_speed.py writes. Usage: Rscript cohort_speed.R TASK FILE ROWS NAME...
# FILE holds the columns one after the other as doubles. Prints one line a call: name, seconds (median of the calls after one that does
# not count), package version; nothing where the package is missing.
arguments <- commandArgs(TRUE)
task <- arguments[1]
n <- as.integer(arguments[3])
names_of <- arguments[-(1:3)]
d <- as.data.frame(matrix(readBin(arguments[2], "double", n * length(names_of)), n, dimnames = list(NULL, names_of)))
used <- function() sum(proc.time()[1:2])
have <- function(package) suppressWarnings(suppressMessages(require(package, character.only = TRUE, quietly = TRUE)))
tell <- function(name, package, call) {
  once <- function() { start <- used(); call(); used() - start }
  first <- once()
  times <- replicate(max(3, min(9, floor(20 / max(first, 1e-3)))), once())
  cat(name, median(times), as.character(packageVersion(package)), sep = "\t")
  cat("\n")
}
if (task == "cox" && have("survival")) {
  covariates <- setdiff(names_of, c("t", "d"))
  model <- as.formula(paste("Surv(t, d) ~", paste(covariates, collapse = " + ")))
  y <- Surv(d$t, d$d)
  x <- as.matrix(d[, covariates])
  tell("survival", "survival", function() coxph(model, d))
  tell("survival without concordance", "survival", function()
    survival::coxph.fit(x, y, NULL, NULL, NULL, coxph.control(), NULL, "efron", rownames(x)))
}
if (task == "km" && have("survival")) tell("survival", "survival", function() survfit(Surv(t, d) ~ g, d, conf.type = "log-log"))
if (task == "logistic") tell("glm", "stats", function() summary(glm(y ~ ., binomial, d)))
if (task == "repeated") {
  for (name in c("id", "arm", "week")) d[[name]] <- factor(d[[name]])
  model <- y ~ arm * week + base
  if (have("lmerTest")) tell("lmerTest", "lmerTest", function() summary(lmer(update(model, ~ . + (1 | id)), d))$coefficients)
  else if (have("lme4")) tell("lme4, no degrees of freedom", "lme4", function() summary(lmer(update(model, ~ . + (1 | id)), d)))
  if (have("mmrm")) tell("mmrm", "mmrm", function()
    suppressWarnings(summary(mmrm(update(model, ~ . + us(week | id)), d))$coefficients))
  else if (have("nlme")) tell("nlme gls, no degrees of freedom", "nlme", function()
    summary(gls(model, d, correlation = corSymm(form = ~ as.integer(week) | id), weights = varIdent(form = ~ 1 | week))))
}
