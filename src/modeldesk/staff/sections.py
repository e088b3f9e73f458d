"""The sections of the admin, in the order of its menu, and what each is for."""

SECTIONS = {
    "Monitor": "Requests, predictions, score and drift as they happen",
    "Predictions": "The log: search, filter, read and export",
    "Outcomes": "Enter what really happened, for many predictions at once",
    "Models": "The versions of the model, their metrics and cards",
    "Users": "Who has an account, with which role",
    "Roles": "What each role allows",
    "Tokens": "What programs send in place of a password",
}
