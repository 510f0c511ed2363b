-- Whether candidates and employers of earlier versions have the hashes that the contact gate compares.
ALTER TABLE installation ADD contact_keys_noted boolean NOT NULL DEFAULT false;
