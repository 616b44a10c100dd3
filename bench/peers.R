# Processor time of the R peers on the inputs that bench/run.py writes. Usage: Rscript peers.R TASK FOLDER
# Prints one line a call: name, version, seconds (median); nothing where a package is missing.
arguments <- commandArgs(TRUE)
task <- arguments[1]
read <- function(name) read.csv(file.path(arguments[2], paste0(name, ".csv")))
has <- function(name) suppressWarnings(suppressMessages(require(name, character.only = TRUE, quietly = TRUE)))
used <- function() sum(proc.time()[1:2])

seconds <- function(call) {
  once <- function(repeats) {
    start <- used()
    for (i in seq_len(repeats)) call()
    (used() - start) / repeats
  }
  first <- once(1)
  if (first > 5) return(first)
  first <- once(1)
  repeats <- max(1, ceiling(0.2 / max(first, 1e-3)))
  median(replicate(max(3, min(9, round(20 / (first * repeats)))), once(repeats)))
}

tell <- function(name, package, call) {
  quiet <- function() suppressWarnings(suppressMessages(call()))
  cat(name, as.character(packageVersion(package)), format(seconds(quiet), digits = 6), "\n", sep = "\t")
}

tasks <- list(
  reml = function() if (has("metafor")) {
    d <- read("reml")
    tell("metafor", "metafor", function() rma(estimate, variance, data = d, method = "REML", test = "knha"))
  },
  influence = function() if (has("metafor")) {
    d <- read("influence")
    tell("metafor", "metafor", function() {
      fit <- rma(estimate, variance, data = d, method = "REML")
      list(leave1out(fit), influence(fit))
    })
  },
  glmm = function() if (has("metafor") && has("lme4")) {
    d <- read("glmm")
    tell("metafor", "metafor", function() rma.glmm(measure = "PLO", xi = events, ni = n, data = d))
  },
  multilevel = function() if (has("metafor")) {
    d <- read("multilevel")
    tell("metafor", "metafor", function() {
      rma.mv(estimate, variance, random = ~ 1 | study / effect, data = d, sparse = TRUE, test = "t")
    })
  },
  network = function() if (has("netmeta")) {
    d <- read("network")
    fit <- function() {
      netmeta(estimate, std_error, treat1, treat2, study, data = d, sm = "MD", method.tau = "DL", small.values = "desirable")
    }
    found <- fit()
    others <- function(fitted) {
      capture.output(netleague(fitted, digits = 4))
      list(netrank(fitted), netrank(fitted, method = "SUCRA", nsim = 1000), decomp.design(fitted))
    }
    tell("netmeta", "netmeta", fit)
    tell("netmeta, all", "netmeta", function() others(fit()))
    tell("netmeta, split", "netmeta", function() netsplit(found))
  },
  permutation = function() if (has("metafor")) {
    d <- read("permutation")
    fit <- rma(estimate, variance, mods = ~ dose, data = d, method = "REML")
    start <- used()
    invisible(capture.output(permutest(fit, iter = 200, progbar = FALSE)))
    cat("metafor", as.character(packageVersion("metafor")), (used() - start) * 50, "\n", sep = "\t")
  }
)
tasks[[task]]()
