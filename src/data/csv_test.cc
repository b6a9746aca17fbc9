#include <gtest/gtest.h>

#include <cmath>

#include "base/testing.h"
#include "lanewise/data.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using Numbers = std::vector<double>;
using Words = std::vector<std::string>;

Words texts(const Table& table, std::string_view column) {
  Words words;
  for (int64_t i = 0; i < table.rows; ++i) words.push_back(table.column(column).text(i));
  return words;
}

std::string error_of(std::string_view text) {
  try {
    parse_csv(text);
  } catch (const DataError& e) {
    return e.what();
  }
  return "no error";
}

TEST(Csv, ReadsNumbersAndText) {
  const Table t = parse_csv("a,b\n1, x \n-2.5e3,y\n+3,x\n");
  EXPECT_EQ(t.rows, 3);
  EXPECT_EQ(t.column("a").numbers, (Numbers{1, -2500, 3}));
  EXPECT_EQ(texts(t, "b"), (Words{"x", "y", "x"}));
  EXPECT_EQ(t.column("b").type, ColumnType::categorical);
}

TEST(Csv, TakesTheLibertiesOfFiles) {
  const Table t = parse_csv(
      "\xef\xbb\xbf\"a\";\"b c\"\r\n\r\n\"1\";\"two\nlines; and \"\"quotes\"\"\"\r\n 2 ;z");
  EXPECT_EQ(t.column("a").numbers, (Numbers{1, 2}));
  EXPECT_EQ(texts(t, "b c"), (Words{"two\nlines; and \"quotes\"", "z"}));
}

TEST(Csv, FindsSeparatorAndHeader) {
  EXPECT_EQ(parse_csv("a\tb\n1\t2,5\n").columns.size(), 2u);
  EXPECT_EQ(parse_csv("a|b|c\n1|2|3\n").columns.size(), 3u);
  const Table bare = parse_csv("1,2\n3,4\n");
  EXPECT_EQ(bare.rows, 2);
  EXPECT_EQ(bare.columns[1].name, "column_2");
  CsvOptions words;
  words.header = false;
  EXPECT_EQ(parse_csv("x,y\nz,w\n", words).rows, 2);
}

TEST(Csv, KnowsMissingValues) {
  const Table t = parse_csv("a,b\n1,?\n,x\nNA,\nnan,y\n2,null\n");
  EXPECT_EQ(t.column("a").missing, 3);
  EXPECT_TRUE(std::isnan(t.column("a").numbers[1]));
  EXPECT_EQ(t.column("b").missing, 3);
  EXPECT_EQ(t.column("b").codes[0], -1);
}

TEST(Csv, FindsColumnTypes) {
  std::string text = "n,id,word,flag,yes,one,name,none\n";
  for (int i = 0; i < 40; ++i)
    text += std::to_string(i * i % 17) + ',' + std::to_string(i + 7) + ',' + (i % 3 ? "a" : "b") +
            ',' + std::to_string(i % 2) + ',' + (i % 2 ? "Yes" : "no") + ",5,w" +
            std::to_string(i) + ",\n";
  const Table t = parse_csv(text);
  const ColumnType expected[] = {
      ColumnType::numeric, ColumnType::identifier, ColumnType::categorical, ColumnType::boolean,
      ColumnType::boolean, ColumnType::constant,   ColumnType::identifier,  ColumnType::constant};
  for (std::size_t c = 0; c < t.columns.size(); ++c)
    EXPECT_EQ(t.columns[c].type, expected[c]) << t.columns[c].name;
}

TEST(Csv, NamesTheLineThatTurnsAColumnToText) {
  std::string text = "a\n";
  for (int i = 0; i < 50; ++i) text += i == 30 ? "oops\n" : std::to_string(i % 5) + "\n";
  const Table t = parse_csv(text);
  EXPECT_TRUE(t.column("a").is_text);
  ASSERT_EQ(t.warnings.size(), 1u);
  EXPECT_NE(t.warnings[0].find("49 of 50 values are numbers, but line 32 isn't"),
            std::string::npos);
  CsvOptions numeric;
  numeric.types["a"] = ColumnType::numeric;
  EXPECT_THROW(parse_csv(text, numeric), DataError);
}

// Text that begins with a number is text, alone or among numbers.
TEST(Csv, TakesNoPartOfATextForANumber) {
  for (const char* word : {"2024-01-01", "18-25", "76%", "9kg", "\"1,500\"", "5'", "1e", "0x1f"}) {
    const Table all = parse_csv(std::string("a,b\nx,1\n") + word + ",2\n" + word + ",3\n");
    EXPECT_TRUE(all.column("a").is_text) << word;
    EXPECT_EQ(all.column("a").missing, 0) << word;
    const Table one = parse_csv(std::string("a,b\n1,1\n2,2\n") + word + ",3\n");
    EXPECT_TRUE(one.column("a").is_text) << word;
    ASSERT_EQ(one.warnings.size(), 1u) << word;
    EXPECT_NE(one.warnings[0].find("2 of 3 values are numbers, but line 4 isn't"),
              std::string::npos);
  }
  EXPECT_TRUE(parse_csv("a;b\n0,5;1\n1,5;2\n").column("a").is_text);
}

TEST(Csv, MissingValuesMayBeNumbers) {
  CsvOptions options;
  options.missing = {"-999", "?"};
  const Table t = parse_csv("a,b\n1,x\n-999,?\n-999.0,-999\n\"-999\",y\n-99,z\n", options);
  EXPECT_EQ(t.column("a").missing, 3);
  EXPECT_EQ(t.column("a").numbers[4], -99);
  EXPECT_EQ(t.column("b").missing, 2);
}

TEST(Csv, CountsWhatFloat32HasNoRoomForAsMissing) {
  const Table t = parse_csv("a\n1\ninf\n-Infinity\n1e999\n-1e39\n1e38\n");
  EXPECT_EQ(t.column("a").missing, 4);
  EXPECT_NE(t.warnings.at(0).find("column 'a' is infinite or exceeds float32 (3.4e38) in 4 "
                                  "values, the first in line 3"),
            std::string::npos);
}

TEST(Csv, WarnsOfWholeNumbersThatAreRounded) {
  const Table t = parse_csv("a,b\n1,9007199254740992\n1152921504606846977,1e16\n3,4\n");
  EXPECT_EQ(t.column("a").numbers[1], 1152921504606846976.0);
  ASSERT_EQ(t.warnings.size(), 1u);
  EXPECT_NE(t.warnings[0].find("column 'a' has whole numbers of more digits than float64 holds, 1 "
                               "rounded, the first in line 3"),
            std::string::npos);
}

// Names may be numbers: years, or what pandas calls columns without names.
TEST(Csv, FindsHeadersOfNumbers) {
  EXPECT_EQ(parse_csv("country,2019,2020,t\nFrance,1.5,2,0\n").rows, 1);
  EXPECT_EQ(parse_csv("0,1,2,target\n5,6,7,a\n8,9,10,b\n").rows, 2);
  EXPECT_EQ(parse_csv("x,inf\na,1\n").rows, 1);
  EXPECT_EQ(parse_csv("0,1,2\n3,4,5\n").rows, 2);
  EXPECT_EQ(parse_csv("1,-,3\n2,5,4\n").rows, 2);
  EXPECT_EQ(parse_csv("5.1,3.5,setosa\n4.9,3,setosa\n").rows, 2);
  CsvOptions options;
  options.known = {"0", "1"};
  EXPECT_EQ(parse_csv("0,1,2\n3,4,5\n", options).rows, 1);
}

TEST(Csv, RefusesWhatIsNotUtf8) {
  EXPECT_NE(error_of("a,b\n1,K\xf6ln\n").find("line 2: byte 0xf6 is not UTF-8"), std::string::npos);
  EXPECT_NE(error_of("gr\xf6\xdf"
                     "e,b\n1,2\n")
                .find("line 1: byte 0xf6"),
            std::string::npos);
  EXPECT_EQ(error_of("gr\xc3\xb6\xc3\x9f"
                     "e,b\n1,2\n"),
            "no error");
}

TEST(Csv, NamesWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of(""), "<memory>: line 1: the file is empty");
  EXPECT_EQ(error_of("\n \n"), "<memory>: line 1: the file is empty");
  EXPECT_EQ(error_of("a,b\n"), "<memory>: no rows below the header");
  EXPECT_EQ(error_of("a,b\n1,2\n\"x\ny\",2\n1,2,3\n"),
            "<memory>: line 5: 3 fields here, 2 expected as in the header");
  EXPECT_EQ(error_of("a,b\n1,2\n3\n"),
            "<memory>: line 3: 1 field here, 2 expected as in the header");
  EXPECT_EQ(error_of("a,b\n1,\"2\n3,4\n"),
            "<memory>: line 2: a quote is opened here and never closed");
  EXPECT_EQ(error_of("a,b\n1,\"2\"3\n"),
            "<memory>: line 2: text follows a closing quote; double a quote inside a quoted field");
  EXPECT_EQ(error_of("a,b,a\n1,2,3\n"),
            "<memory>: line 1: columns 1 and 3 are both called 'a'; rename one of them");
  EXPECT_NE(error_of(std::string_view("a,b\n1,\0002\n", 9)).find("line 2: a NUL byte"),
            std::string::npos);
  EXPECT_THROW(read_csv("no/such/file.csv"), IoError);
}

TEST(Csv, SuggestsANearMiss) {
  const Table t = parse_csv("income,age\n1,2\n");
  try {
    t.column("incme");
    FAIL() << "no error";
  } catch (const DataError& e) {
    EXPECT_NE(std::string(e.what()).find("did you mean 'income'?"), std::string::npos);
  }
}

// Parts are parsed apart and joined: the same table for any number of threads.
TEST(Csv, PartsGiveTheSameTable) {
  std::string text = "n,w\n";
  for (int i = 0; i < 60000; ++i)
    text += std::to_string(i * 0.5) + ",\"w" + std::to_string(i * 7919 % 1000) + "\nx\"\n";
  const auto parsed_by = [&](int threads) {
    const WithThreads with(threads);
    return parse_csv(text);
  };
  const Table one = parsed_by(1), three = parsed_by(3);
  EXPECT_EQ(one.rows, 60000);
  EXPECT_EQ(one.columns[0].numbers, three.columns[0].numbers);
  EXPECT_EQ(one.columns[1].codes, three.columns[1].codes);
  EXPECT_EQ(one.columns[1].dictionary, three.columns[1].dictionary);
  EXPECT_EQ(one.columns[1].dictionary[1], "w919\nx");
}

TEST(Csv, QuotesWhatNeedsIt) {
  EXPECT_EQ(csv_quote("plain"), "plain");
  EXPECT_EQ(csv_quote("a,\"b\""), "\"a,\"\"b\"\"\"");
  EXPECT_EQ(csv_quote(" x"), "\" x\"");
}

}  // namespace
}  // namespace lanewise
