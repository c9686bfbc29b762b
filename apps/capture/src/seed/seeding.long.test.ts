/** The servers that seeding.integration.test.ts leaves out, and each type of key on each. */
import { seedingOn } from './seeding.fixture.js';

seedingOn(['MySQL 8.0', 'MySQL 8.0 without GTIDs', 'MariaDB 11.4'], { keyTypes: true });
