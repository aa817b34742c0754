import { messageOf, systemCodeOf } from '../common/gatehouse-error.js';
import { dataDirectoryOf } from '../config/load-config.js';
import { clusterDirectory } from './embedded/cluster.js';
import { isPostmasterOf, readPostmaster, stopPostmaster } from './embedded/postmaster.js';

/** `npm run db:stop`: ends the embedded server of DATA_DIR, such as one left behind by a gateway that was killed. */
async function stopEmbedded(): Promise<string> {
  const cluster = clusterDirectory(dataDirectoryOf(process.env));
  const record = readPostmaster(cluster);
  if (record === null || !isPostmasterOf(cluster, record.pid)) return 'No embedded PostgreSQL runs in DATA_DIR.';
  await stopPostmaster(cluster, record.pid);
  return 'The embedded PostgreSQL was stopped.';
}

stopEmbedded().then(
  (message) => process.stdout.write(`${message}\n`),
  (error: unknown) => {
    const foreign = ['EACCES', 'EPERM'].includes(systemCodeOf(error) ?? '');
    const advice = 'The cluster in DATA_DIR belongs to another user: run this command as that user.';
    process.stderr.write(`${foreign ? advice : messageOf(error)}\n`);
    process.exitCode = 1;
  },
);
