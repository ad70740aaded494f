/**
 * Version of the contract (SemVer over frames, HTTP, topics and the SQL view). schemas/contract.json pins the hash of the
 * files it stands for, and `npm run check:schemas` fails where they differ.
 */
export const contractVersion = '1.2.0';
