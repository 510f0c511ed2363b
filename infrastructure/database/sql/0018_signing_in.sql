-- Requests for links to sign in, until the mail is sent. Whose address it is, is not kept.
CREATE TABLE sign_in_requests (
    request_id  uuid PRIMARY KEY,
    address_key uuid NOT NULL,  -- a keyed hash of the address
    next_page   text NOT NULL,
    asked_at    timestamptz NOT NULL,
    next_at     timestamptz NOT NULL  -- until then a worker has it
);

CREATE INDEX sign_in_requests_due ON sign_in_requests (next_at);

-- Links by which members sign in. Only a hash of what makes one is kept; using a link deletes it.
CREATE TABLE sign_in_links (
    token_hash  bytea PRIMARY KEY,
    employer_id uuid NOT NULL,
    member_id   uuid NOT NULL,
    next_page   text NOT NULL,
    expires_at  timestamptz NOT NULL
);

CREATE INDEX sign_in_links_expired ON sign_in_links (expires_at);

-- Mails to members: who is trying to send which, and until when it is not tried again.
CREATE TABLE member_mails (
    mail_id  uuid PRIMARY KEY,
    attempts integer NOT NULL,
    next_at  timestamptz NOT NULL
);
