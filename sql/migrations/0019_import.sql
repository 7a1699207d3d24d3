-- Files of members stand here between the steps of their import.

-- A file that was sent and not yet imported; each login has one at a time in an association.
CREATE TABLE member_import (
    association_id BIGINT NOT NULL REFERENCES association (id), -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    login_id BIGINT NOT NULL REFERENCES login (id), -- who sent it: nobody else sees it
    content BLOB,                              -- the bytes as they were sent; NULL once imported
    created_at BIGINT NOT NULL,                -- when it was sent
    expires_at BIGINT NOT NULL,                -- forgotten from then on
    done_at BIGINT,                            -- when it was imported; NULL: it waits
    PRIMARY KEY (association_id, id),
    UNIQUE (association_id, login_id),
    CHECK ((content IS NULL) = (done_at IS NOT NULL)),
    CHECK (content IS NULL OR length(content) BETWEEN 1 AND 2097152)
);
CREATE INDEX member_import_age ON member_import (expires_at);
