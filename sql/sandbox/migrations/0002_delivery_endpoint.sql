-- An endpoint that is deleted takes its notifications along.
CREATE INDEX delivery_endpoint ON delivery (endpoint_id) WHERE endpoint_id IS NOT NULL;
