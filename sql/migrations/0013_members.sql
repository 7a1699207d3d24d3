-- Members found and sorted among many, products of a season, reminders.

ALTER TABLE member ADD COLUMN sort_key TEXT NOT NULL DEFAULT ''; -- folded "last first": the order of the list
ALTER TABLE member ADD COLUMN search_text TEXT NOT NULL DEFAULT ''; -- folded name, e-mail and number: what a search looks at
ALTER TABLE member ADD COLUMN version BIGINT NOT NULL DEFAULT 1; -- grows with each change
ALTER TABLE member ADD COLUMN reminded_at BIGINT; -- last mail that asked for what is owed
UPDATE member SET sort_key = lower(last_name || ' ' || first_name),
    search_text = lower(last_name || ' ' || first_name || ' ' || email || ' ' || number);
CREATE INDEX member_sort ON member (association_id, sort_key, id);

ALTER TABLE login ADD COLUMN last_login_at BIGINT; -- last time a password opened a session; NULL: never

ALTER TABLE product ADD COLUMN fiscal_year_id BIGINT; -- the year its charges count in; NULL: the year of the day
ALTER TABLE product ADD COLUMN version BIGINT NOT NULL DEFAULT 1; -- grows with each change
CREATE TRIGGER product_year_added BEFORE INSERT ON product
WHEN NEW.fiscal_year_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM fiscal_year y
    WHERE y.association_id = NEW.association_id AND y.id = NEW.fiscal_year_id)
BEGIN SELECT RAISE(ABORT, 'product: no such fiscal year'); END;
CREATE TRIGGER product_year_changed BEFORE UPDATE OF fiscal_year_id ON product
WHEN NEW.fiscal_year_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM fiscal_year y
    WHERE y.association_id = NEW.association_id AND y.id = NEW.fiscal_year_id)
BEGIN SELECT RAISE(ABORT, 'product: no such fiscal year'); END;
