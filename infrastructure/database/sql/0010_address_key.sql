-- What e-mail addresses are hashed with, sealed under the master key. It is random and made when an
-- installation is first opened; a process with another secret cannot open it, and does not start.
ALTER TABLE installation ADD COLUMN address_key bytea;
