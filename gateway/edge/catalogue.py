"""What to do about each problem: the text behind `/problems/{code}`, a paragraph a code."""

REMEDIES = {
    "internal": (
        "Nobody expected this. The request may be sent again with the same `Idempotency-Key`; quote the "
        "`trace_id` to us."
    ),
    "refused": ("The caller must change something before it can succeed."),
    "malformed": (
        "The bytes are not what the contract calls for: broken JSON, duplicate keys, a repeated header. Mend "
        "and send again."
    ),
    "idempotency_key_missing": (
        "Every request that has an effect carries a key of its own, 16 to 255 characters of `A-Z a-z 0-9 . _ "
        ": -`, best a UUID. Repeat the key only to repeat the request."
    ),
    "idempotency_key_malformed": (
        'Send it once, as a structured-field string ("…") or a bare token of 16 to 255 characters of `A-Z a-z '
        "0-9 . _ : -`."
    ),
    "unauthenticated": ("Get a token at `/oauth/token` and send it as `Authorization: Bearer …`."),
    "invalid_token": (
        "It has expired, was not issued here, or its partner is suspended. Get a new one at `/oauth/token` "
        "(RFC 6750, 3.1)."
    ),
    "invalid_signature": (
        "Sign the raw body as Standard Webhooks 1.0.0 says, with the secret shared for this system and a "
        "current timestamp."
    ),
    "forbidden": ("A policy denies this to the caller. Ask the platform team which rule decides; the detail names it."),
    "insufficient_scope": (
        "Ask for a token with the scope named in the detail; the partner must have been granted it (RFC 6750, 3.1)."
    ),
    "not_found": ("The address is wrong, or the resource does not exist for this caller."),
    "method_not_allowed": ("The `Allow` header lists the methods it takes."),
    "not_acceptable": (
        "Omnigate answers `application/json` and `application/problem+json`; widen the `Accept` header."
    ),
    "request_timeout": (
        "Its headers or its body were not complete within the deadline. Send it again with the same `Idempotency-Key`."
    ),
    "conflict": ("Read the resource again before deciding what to do."),
    "idempotency_in_flight": ("Repeat the same request after `Retry-After`; it will get the first one's answer."),
    "natural_key_conflict": (
        "The order, return, receipt, inspection, supplier, purchase order, confirmation, shipping notice or invoice of "
        "this number exists and says something else; `errors` points at what differs where that can be told."
    ),
    "not_returnable": (
        "`errors` says of each line why: not shipped, returned already, final, or the time to return it is over. Ask "
        "`/v1/returns/eligibility` what may come back."
    ),
    "not_approved": ("Look at its approval, and ask again when it is approved; what was rejected has to be revised."),
    "supplier_not_active": ("Let the supplier in first, order of another one, or release its invoice."),
    "duties_not_separate": ("Somebody else has to do this: one who had no hand in the order."),
    "too_late_to_cancel": ("Its state does not allow it any more; read the order to see where it stands."),
    "order_locked": (
        "Its workflow or another request held it for two seconds; nothing was done. Repeat the same request, with the "
        "same `Idempotency-Key` if it has one, after `Retry-After` seconds."
    ),
    "stock_locked": (
        "Others kept the same positions, or the order that holds, for two seconds; nothing was done. Repeat the same "
        "request, with the same `Idempotency-Key`, after `Retry-After` seconds."
    ),
    "insufficient_stock": (
        "Nothing was reserved; `short` says of each line what is there. Ask for less, for another node, or again with "
        "`on_short: partial`."
    ),
    "sku_not_stocked": (
        "Nothing was reserved: no node, or not the one you named, has a position of this SKU in this condition."
    ),
    "node_not_sellable": (
        "Nothing was reserved: the node you named is unknown, paused or closed. Name another one, or none."
    ),
    "holder_closed": (
        "The order was rejected, cancelled or completed; nothing is reserved for it any more. What was reserved for it "
        "before can still be read."
    ),
    "not_extendable": (
        "Only a soft reservation ends by itself, and only one that is active can be kept longer. Read it to see how it "
        "stands."
    ),
    "reservation_expired": (
        "A soft reservation ends by itself at `expires_at`, by our clock. Reserve again, with the next `attempt`."
    ),
    "offer_closed": (
        "`state` says how it stands: `accepted` or `declined` is the answer that it got, `expired` means that none "
        "came in time. Read the order to see what has come of it."
    ),
    "pickup_expired": ("The goods go back to the shelf. Read the order to see what has come of them."),
    "tries_exhausted": (
        "No code is taken for these goods any more. Ask operations: who has the role `approver` may hand them over "
        "without."
    ),
    "approval_superseded": (
        "Nothing was decided: the subject has changed since you looked, or another approval stands in this one's "
        "place. Look at it again, and decide about what you see, with its `content_hash`."
    ),
    "already_decided": ("`state` says how. Nobody can decide it again; only a changed subject is asked about anew."),
    "self_approval_forbidden": ("Somebody else, who holds the role of the step, has to decide it."),
    "not_in_chain": (
        "Each step is decided by the role that it names, and by a person who decided no other step of the same "
        "approval; the detail says which it is."
    ),
    "cursor_expired": (
        "Events after this cursor may be forgotten. Compare what you know with the resources, then follow events anew "
        "without `after`, and keep going on before a cursor is 30 days old."
    ),
    "precondition_failed": (
        "It has changed since the version that `If-Match` names; nothing was done. Read it again, decide, and send the "
        "request with the new `ETag`, or without the condition."
    ),
    "body_too_large": ("The operation's limit is in the detail. Send less, or in several requests."),
    "unsupported_media_type": ("Set `Content-Type` to one that the contract offers, and send no `Content-Encoding`."),
    "invalid": ("`errors` lists every fault at once, each with a JSON pointer into what was sent."),
    "idempotency_key_reused": (
        "A key names one request for ever. Use a new key for a new request; repeat the old one byte for byte "
        "to see its answer."
    ),
    "totals_mismatch": (
        "Omnigate recomputes every total in minor units; `errors` shows which differ and what they should be."
    ),
    "wrong_code": (
        "Nothing was handed over. Ask the customer again; `tries_left` says how many wrong codes may still be tried. "
        "Every request with one counts, a repeated one, too."
    ),
    "too_many_requests": ("Slow down and try again after `Retry-After` seconds."),
    "quota_exceeded": (
        "`RateLimit` and `RateLimit-Policy` say which budget and when it refills; the plan is the platform "
        "team's to change."
    ),
    "concurrency_exceeded": (
        "Have fewer requests under way at once; the detail says how many your plan allows. Nothing was done; it cost "
        "no quota. Send the same request again after `Retry-After` seconds, or when one of the others is answered."
    ),
    "headers_too_large": ("At most 64 header fields and 32 KiB together."),
    "back_end_error": ("Nothing for the caller to do; the workflow decides how to go on."),
    "back_end_rejected": ("It answered, and nothing happened there."),
    "back_end_failed": ("The call was provably not applied and may be tried again."),
    "back_end_unknown": ("It may have happened. Only evidence settles it: a look-up, a callback, a person with proof."),
    "unavailable": (
        "Something it needs is away. Repeat the same request, with the same `Idempotency-Key`, after `Retry- "
        "After` seconds."
    ),
    "deadline_exceeded": (
        "It was given up after its deadline. If it had an effect, repeating it with the same `Idempotency- "
        "Key` tells which."
    ),
    "overloaded": (
        "Nothing was done. Repeat the same request, with the same `Idempotency-Key`, after `Retry-After` seconds, and "
        "wait longer each time it happens. Orders are let in before reads, reads before lists."
    ),
    "broken_answer": ("A fault of ours: the answer was withheld and the fact is logged. Quote the `trace_id` to us."),
    "parked": ("A machine must not guess here; operations have been told."),
    "misconfigured": ("The detail names the file, the place and the mend."),
}
