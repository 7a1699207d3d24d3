-- What CHECK cannot say of the settings, in SQLite's own words.

-- Where the books of an account begin, and in which account of the chart they stand, is what its
-- movements were booked by: once there is one, changing it would make the books untrue.
CREATE TRIGGER provider_account_booked BEFORE UPDATE OF since_day, opening_cents, transit_account
ON provider_account
WHEN (NEW.since_day <> OLD.since_day OR NEW.opening_cents <> OLD.opening_cents
        OR NEW.transit_account <> OLD.transit_account)
    AND EXISTS (SELECT 1 FROM provider_transaction t WHERE t.association_id = OLD.association_id
        AND t.provider_account_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'provider_account: its movements are booked already'); END;

-- Money waits in an account of class 5: only those take lines whatever the settings say.
CREATE TRIGGER provider_account_transit_added BEFORE INSERT ON provider_account
WHEN NEW.transit_account NOT LIKE '5%'
BEGIN SELECT RAISE(ABORT, 'provider_account: the account of money is of class 5'); END;
CREATE TRIGGER provider_account_transit_changed BEFORE UPDATE OF transit_account ON provider_account
WHEN NEW.transit_account NOT LIKE '5%'
BEGIN SELECT RAISE(ABORT, 'provider_account: the account of money is of class 5'); END;

-- The number of an account stands in entries that never change.
CREATE TRIGGER account_code_kept BEFORE UPDATE OF code ON account
WHEN NEW.code <> OLD.code
BEGIN SELECT RAISE(ABORT, 'account: its number does not change'); END;
