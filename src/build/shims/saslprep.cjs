// In place of @mongodb-js/saslprep. SASLprep (RFC 4013) leaves printable ASCII unchanged, and most
// passwords are that; its Unicode tables are only loaded for the others, which makes the start faster.
exports.saslprep = (password) =>
  /^[ -~]*$/.test(password) ? password : require("unaliased-saslprep").saslprep(password);
