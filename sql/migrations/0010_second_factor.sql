-- The second factor: after the password, a code of an app or a recovery code.

-- The seed an app and we share, at most one a login. It counts once a first code was right.
CREATE TABLE login_totp (
    login_id BIGINT PRIMARY KEY REFERENCES login (id), -- whose
    sealed_seed BLOB NOT NULL,                 -- 20 random bytes, sealed for this login
    begun_at BIGINT NOT NULL,                  -- when the seed was made; unconfirmed it lasts a quarter of an hour
    begun_by BLOB NOT NULL CHECK (length(begun_by) = 32), -- hash of the session that made it, and alone sees it
    confirmed_at BIGINT,                       -- NULL: does not count yet
    last_counter BIGINT NOT NULL DEFAULT -1    -- time step of the last code taken: none up to it is taken again
);

-- What to type when the app is gone: each works once.
CREATE TABLE login_recovery_code (
    login_id BIGINT NOT NULL REFERENCES login (id), -- whose
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32), -- SHA-256 of 120 random bits
    created_at BIGINT NOT NULL,                -- when it was shown
    used_at BIGINT,                            -- when it was typed
    PRIMARY KEY (login_id, code_hash)
);

-- When the offer of a second factor was answered with "later"; it is made once.
ALTER TABLE login ADD COLUMN second_factor_later_at BIGINT;

-- 1: the password was right, the code is still asked for. It opens nothing else.
ALTER TABLE session ADD COLUMN half BIGINT NOT NULL DEFAULT 0
    CHECK (half = 0 OR (half = 1 AND role IS NULL));

-- Whether roles that see money need a second factor; never asked in an association d'essai.
ALTER TABLE association ADD COLUMN second_factor TEXT NOT NULL DEFAULT 'offered'
    CHECK (second_factor IN ('offered', 'required'));
