-- Whether the addresses of people who signed up before there were identifiers have theirs.
ALTER TABLE installation ADD addresses_claimed boolean NOT NULL DEFAULT false;
