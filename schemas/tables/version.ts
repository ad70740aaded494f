/**
 * The version of the contract: SemVer over frames, HTTP, topics and the SQL view. schemas/contract.json pins the hash of the files
 * that it stands for, and `npm run check:schemas` fails if they differ.
 */
export const contractVersion = '1.4.0';
