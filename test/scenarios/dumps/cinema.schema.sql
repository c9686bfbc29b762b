-- MySQL dump of the structure: mysqldump --no-data --skip-triggers --routines
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!50503 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;

--
-- Table structure for table `clerk`
--

DROP TABLE IF EXISTS `clerk`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `clerk` (
  `clerk_id` tinyint unsigned NOT NULL AUTO_INCREMENT,
  `first_name` varchar(45) NOT NULL,
  `last_name` varchar(45) NOT NULL,
  `place_id` smallint unsigned NOT NULL,
  `picture` blob,
  `shop_id` tinyint unsigned NOT NULL,
  `active` tinyint(1) NOT NULL DEFAULT '1',
  `login` varchar(16) CHARACTER SET latin1 COLLATE latin1_general_cs DEFAULT NULL,
  `last_update` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`clerk_id`),
  KEY `idx_fk_shop_id` (`shop_id`),
  KEY `idx_fk_place_id` (`place_id`),
  CONSTRAINT `fk_clerk_place` FOREIGN KEY (`place_id`) REFERENCES `place` (`place_id`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `fk_clerk_shop` FOREIGN KEY (`shop_id`) REFERENCES `shop` (`shop_id`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Table structure for table `copy`
--

DROP TABLE IF EXISTS `copy`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `copy` (
  `copy_id` mediumint unsigned NOT NULL AUTO_INCREMENT,
  `film_id` smallint unsigned NOT NULL,
  `shop_id` tinyint unsigned NOT NULL,
  `last_update` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`copy_id`),
  KEY `idx_shop_id_film_id` (`shop_id`,`film_id`),
  CONSTRAINT `fk_copy_film` FOREIGN KEY (`film_id`) REFERENCES `film` (`film_id`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `fk_copy_shop` FOREIGN KEY (`shop_id`) REFERENCES `shop` (`shop_id`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Table structure for table `film`
--

DROP TABLE IF EXISTS `film`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `film` (
  `film_id` smallint unsigned NOT NULL AUTO_INCREMENT,
  `title` varchar(128) NOT NULL,
  `description` text,
  `release_year` year DEFAULT NULL,
  `rental_rate` decimal(4,2) NOT NULL DEFAULT '4.99',
  `length` smallint unsigned DEFAULT NULL,
  `rating` enum('G','PG','PG-13','R','NC-17') DEFAULT 'G',
  `special_features` set('Trailers','Commentaries','Deleted Scenes','Behind the Scenes') DEFAULT NULL,
  `facts` json DEFAULT NULL,
  `last_update` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`film_id`),
  KEY `idx_title` (`title`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Table structure for table `film_text`
--

DROP TABLE IF EXISTS `film_text`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `film_text` (
  `film_id` smallint NOT NULL,
  `title` varchar(255) NOT NULL,
  `description` text,
  PRIMARY KEY (`film_id`),
  FULLTEXT KEY `idx_title_description` (`title`,`description`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Table structure for table `land`
--

DROP TABLE IF EXISTS `land`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `land` (
  `land_id` smallint unsigned NOT NULL AUTO_INCREMENT,
  `land` varchar(50) NOT NULL,
  `last_update` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`land_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Table structure for table `loan`
--

DROP TABLE IF EXISTS `loan`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `loan` (
  `loan_id` int NOT NULL AUTO_INCREMENT,
  `loan_date` datetime NOT NULL,
  `copy_id` mediumint unsigned NOT NULL,
  `clerk_id` tinyint unsigned NOT NULL,
  `return_date` datetime(3) DEFAULT NULL,
  `last_update` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`loan_id`),
  UNIQUE KEY `loan_date` (`loan_date`,`copy_id`,`clerk_id`),
  KEY `idx_fk_copy_id` (`copy_id`),
  CONSTRAINT `fk_loan_copy` FOREIGN KEY (`copy_id`) REFERENCES `copy` (`copy_id`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `fk_loan_clerk` FOREIGN KEY (`clerk_id`) REFERENCES `clerk` (`clerk_id`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Table structure for table `place`
--

DROP TABLE IF EXISTS `place`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `place` (
  `place_id` smallint unsigned NOT NULL AUTO_INCREMENT,
  `street` varchar(50) NOT NULL,
  `street2` varchar(50) DEFAULT NULL,
  `town_id` smallint unsigned NOT NULL,
  `location` geometry NOT NULL /*!80003 SRID 0 */,
  `last_update` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`place_id`),
  KEY `idx_fk_town_id` (`town_id`),
  SPATIAL KEY `idx_location` (`location`),
  CONSTRAINT `fk_place_town` FOREIGN KEY (`town_id`) REFERENCES `town` (`town_id`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Table structure for table `receipt`
--

DROP TABLE IF EXISTS `receipt`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `receipt` (
  `receipt_id` smallint unsigned NOT NULL AUTO_INCREMENT,
  `clerk_id` tinyint unsigned NOT NULL,
  `loan_id` int DEFAULT NULL,
  `amount` decimal(5,2) NOT NULL,
  `paid_at` datetime NOT NULL,
  PRIMARY KEY (`receipt_id`),
  KEY `idx_fk_clerk_id` (`clerk_id`),
  CONSTRAINT `fk_receipt_loan` FOREIGN KEY (`loan_id`) REFERENCES `loan` (`loan_id`) ON DELETE SET NULL ON UPDATE CASCADE,
  CONSTRAINT `fk_receipt_clerk` FOREIGN KEY (`clerk_id`) REFERENCES `clerk` (`clerk_id`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Table structure for table `shop`
--

DROP TABLE IF EXISTS `shop`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `shop` (
  `shop_id` tinyint unsigned NOT NULL AUTO_INCREMENT,
  `manager_id` tinyint unsigned NOT NULL,
  `place_id` smallint unsigned NOT NULL,
  `last_update` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`shop_id`),
  UNIQUE KEY `idx_unique_manager` (`manager_id`),
  CONSTRAINT `fk_shop_manager` FOREIGN KEY (`manager_id`) REFERENCES `clerk` (`clerk_id`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `fk_shop_place` FOREIGN KEY (`place_id`) REFERENCES `place` (`place_id`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Table structure for table `town`
--

DROP TABLE IF EXISTS `town`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `town` (
  `town_id` smallint unsigned NOT NULL AUTO_INCREMENT,
  `town` varchar(50) NOT NULL,
  `land_id` smallint unsigned NOT NULL,
  PRIMARY KEY (`town_id`),
  KEY `idx_fk_land_id` (`land_id`),
  CONSTRAINT `fk_town_land` FOREIGN KEY (`land_id`) REFERENCES `land` (`land_id`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Temporary view structure for view `clerk_list`
--

DROP TABLE IF EXISTS `clerk_list`;
/*!50001 DROP VIEW IF EXISTS `clerk_list`*/;
SET @saved_cs_client     = @@character_set_client;
/*!50503 SET character_set_client = utf8mb4 */;
/*!50001 CREATE VIEW `clerk_list` AS SELECT 
 1 AS `id`, 
 1 AS `name`, 
 1 AS `street`, 
 1 AS `town`, 
 1 AS `land`, 
 1 AS `shop`*/;
SET character_set_client = @saved_cs_client;

--
-- Temporary view structure for view `sales_by_shop`
--

DROP TABLE IF EXISTS `sales_by_shop`;
/*!50001 DROP VIEW IF EXISTS `sales_by_shop`*/;
SET @saved_cs_client     = @@character_set_client;
/*!50503 SET character_set_client = utf8mb4 */;
/*!50001 CREATE VIEW `sales_by_shop` AS SELECT 
 1 AS `shop`, 
 1 AS `total_sales`*/;
SET character_set_client = @saved_cs_client;

--
-- Dumping routines for database 'cinema'
--

DELIMITER ;;
CREATE DEFINER=CURRENT_USER FUNCTION `copy_in_stock`(p_copy_id INT) RETURNS tinyint(1)
    READS SQL DATA
BEGIN
    DECLARE v_out INT;
    SELECT COUNT(*) INTO v_out FROM loan WHERE copy_id = p_copy_id AND return_date IS NULL;
    RETURN v_out = 0;
END ;;
DELIMITER ;
DELIMITER ;;
CREATE DEFINER=CURRENT_USER PROCEDURE `lend`(IN p_copy_id INT, IN p_clerk_id INT)
BEGIN
    INSERT INTO loan (loan_date, copy_id, clerk_id) VALUES (NOW(), p_copy_id, p_clerk_id);
    INSERT INTO receipt (clerk_id, loan_id, amount, paid_at) VALUES (p_clerk_id, LAST_INSERT_ID(), 2.99, NOW());
END ;;
DELIMITER ;

--
-- Final view structure for view `clerk_list`
--

/*!50001 DROP VIEW IF EXISTS `clerk_list`*/;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=CURRENT_USER SQL SECURITY INVOKER */
/*!50001 VIEW `clerk_list` AS select `c`.`clerk_id` AS `id`,concat(`c`.`first_name`,_utf8mb4' ',`c`.`last_name`) AS `name`,`p`.`street` AS `street`,`t`.`town` AS `town`,`l`.`land` AS `land`,`c`.`shop_id` AS `shop` from (((`clerk` `c` join `place` `p` on((`c`.`place_id` = `p`.`place_id`))) join `town` `t` on((`p`.`town_id` = `t`.`town_id`))) join `land` `l` on((`t`.`land_id` = `l`.`land_id`))) */;

--
-- Final view structure for view `sales_by_shop`
--

/*!50001 DROP VIEW IF EXISTS `sales_by_shop`*/;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=CURRENT_USER SQL SECURITY INVOKER */
/*!50001 VIEW `sales_by_shop` AS select `k`.`shop_id` AS `shop`,sum(`r`.`amount`) AS `total_sales` from ((`receipt` `r` join `loan` `o` on((`r`.`loan_id` = `o`.`loan_id`))) join `copy` `k` on((`o`.`copy_id` = `k`.`copy_id`))) group by `k`.`shop_id` */;
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;
