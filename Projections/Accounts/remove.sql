WITH lookups AS (DELETE FROM rm.account_lookups_{version} WHERE stream_id = $1)
DELETE FROM rm.accounts_{version} WHERE stream_id = $1
