"""Tries the production estimator on a table of one's own: `sourcing backtest`."""
