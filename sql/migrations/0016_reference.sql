-- The page Référentiel: an account of the chart that no charge names can be deleted.

CREATE INDEX cart_line_account ON cart_line (association_id, account_code)
    WHERE account_code IS NOT NULL;
