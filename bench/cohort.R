# Processor time of R's survival on the columns that bench/cohort.py writes. Usage: Rscript cohort.R TASK FILE
# Prints one line a call: name, seconds (median of five after one that does not count); nothing where the package is missing.
arguments <- commandArgs(TRUE)
if (!suppressWarnings(suppressMessages(require(survival, quietly = TRUE)))) quit()
d <- read.csv(arguments[2])
used <- function() sum(proc.time()[1:2])
tell <- function(name, call) {
  call()
  once <- function() { start <- used(); call(); used() - start }
  cat(name, median(replicate(5, once())), sep = "\t")
  cat("\n")
}
if (arguments[1] == "cox") {
  model <- as.formula(paste("Surv(t, d) ~", paste(setdiff(names(d), c("t", "d")), collapse = " + ")))
  y <- Surv(d$t, d$d)
  x <- as.matrix(d[, setdiff(names(d), c("t", "d"))])
  tell("survival", function() coxph(model, d))
  tell("survival without concordance", function()
    survival::coxph.fit(x, y, NULL, NULL, NULL, coxph.control(), NULL, "efron", rownames(x)))
}
if (arguments[1] == "km") tell("survival", function() survfit(Surv(t, d) ~ g, d, conf.type = "log-log"))
