import base from '../../jest.config.mjs';

/** The long form of the faults: `npm run test:faults`. */
export default { ...base, rootDir: '../..', roots: ['<rootDir>/test/faults'], globals: { faultsForm: 'long' } };
