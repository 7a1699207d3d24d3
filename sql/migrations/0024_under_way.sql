-- What a payer's attempts under way are is asked by every look at the cart: without this the rows of
-- all earlier attempts, with their requests, would be read each time.
CREATE INDEX payment_intent_waiting ON payment_intent (association_id, member_id, created_at, id)
    WHERE state IN ('created', 'open', 'processing');
