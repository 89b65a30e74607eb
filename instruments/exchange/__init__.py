"""Lists of instruments coming in (CSV, XLSX) and going out (CSV, XLSX, UNIQUIP, PIDINST, schema.org, the national fields)."""
