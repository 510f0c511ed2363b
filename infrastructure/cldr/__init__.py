"""Names of countries, languages and months in many languages, from Unicode's CLDR by Babel."""
