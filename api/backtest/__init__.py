"""Backtests the production estimator on a table of past outcomes: `sourcing backtest`."""
