"""Statistics (指标): how far instruments are used and shared, out of the rows of daily work.

quantities -> what is counted, indicators -> what is made of it (formula, source, example), figures -> the rollups per instrument and local day,
month and year, touched -> which of them must be made anew, counting -> raw rows into days, rollup -> days kept up and rebuilt,
scope and reports -> figures for a page, publishing -> years that stay as they were published.
"""
