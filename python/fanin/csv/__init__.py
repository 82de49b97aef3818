"""CSV files as typed columns: numbers, dates, times and text, with notes on what was taken as missing."""
