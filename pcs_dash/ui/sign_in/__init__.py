"""Who is there: sign-in by OpenID Connect or by a proxy's headers; off unless configured."""
