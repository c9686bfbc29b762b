/** Numbers of errors of MySQL and MariaDB that both clients must read alike, by what they mean to us. */
export const serverErrors = {
  /**
   * The server, or our connection, cannot serve us now. 1129: it blocks our host after failed connections. 1598: the commit failed in the
   * binlog, and the server most often ends itself; whether it committed, the checkpoint says.
   */
  unavailable: [
    1037, 1040, 1041, 1053, 1077, 1079, 1080, 1129, 1135, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1317, 1598, 1927, 1969, 3024,
    3032, 3168, 3169, 4031,
  ],
  /** User, password, host, how the account proves itself, or what must be done with it first. */
  loginRefused: [1045, 1130, 1131, 1251, 1524, 1698, 1820, 1862, 3118, 3159, 3955, 4151],
  privilegeMissing: [1044, 1142, 1143, 1227, 1370, 1410],
  readOnly: [1290, 1792, 1836],
  /** A table, or its database. */
  missingTable: [1049, 1146],
  /** 3, 20, 1026: a file could not be written, most often a temporary one. 1114: a table, its tablespace or a disk. */
  full: [3, 20, 1021, 1026, 1114],
} as const satisfies Readonly<Record<string, readonly number[]>>;
