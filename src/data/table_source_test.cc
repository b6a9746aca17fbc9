#include "data/table_source.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <thread>

#include "data/streams_testing.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using TableSourceTest = FileTest;

constexpr std::size_t kSmallBlock = 1 << 16;

// The cells of a table, a line a row.
std::string cells(const Table& table) {
  std::string text;
  for (int64_t row = 0; row < table.rows; ++row) {
    for (const Column& c : table.columns) text += c.text(row) + '|';
    text += '\n';
  }
  return text;
}

std::string many_rows() {
  std::string text = "\xef\xbb\xbfnumber,word,\"quoted, twice\"\r\n";
  for (int i = 0; i < 20000; ++i) {
    text += i % 7 ? std::to_string(i * 0.25) : "";
    text += i % 11 ? ",w" + std::to_string(i * 7919 % 1000) : ",?";
    text += i % 5 ? ",\"two\nlines; \"\"" + std::to_string(i) + "\"\"\"\r\n" : ",plain\n\n";
  }
  return text;
}

TEST_F(TableSourceTest, PartsMakeTheWhole) {
  put(path("a.csv"), many_rows());
  const Table whole = read_csv(path("a.csv"));
  for (const int64_t count : {7777, 1 << 30}) {
    auto source = csv_table_source(path("a.csv"), {}, kSmallBlock);
    std::string parts;
    int64_t rows = 0;
    for (Table part = source->pull(count); part.rows > 0; part = source->pull(count)) {
      EXPECT_LE(part.rows, count);
      EXPECT_EQ(part.first_row, rows);
      rows += part.rows;
      parts += cells(part);
    }
    EXPECT_EQ(rows, 20000);
    EXPECT_EQ(parts, cells(whole));
    EXPECT_EQ(source->pull(count).rows, 0);
  }
}

std::string message_of(const std::string& path) {
  try {
    auto source = csv_table_source(path, {}, kSmallBlock);
    while (source->pull(1000).rows > 0) continue;
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

// Quotes within a field that begins without one mean nothing.
TEST_F(TableSourceTest, RowsEndAtNewlinesOutsideOfQuotes) {
  std::string text = "a,b\n";
  for (int i = 0; i < 20000; ++i) text += i % 3 ? "5\"\",x\n" : "1,\"two\n\"\"lines\"\"\"\n";
  put(path("a.csv"), text);
  const Table whole = read_csv(path("a.csv"));
  EXPECT_EQ(whole.rows, 20000);
  auto source = csv_table_source(path("a.csv"), {}, kSmallBlock);
  std::string parts;
  for (Table part = source->pull(1 << 30); part.rows > 0; part = source->pull(1 << 30))
    parts += cells(part);
  EXPECT_EQ(parts, cells(whole));
}

TEST_F(TableSourceTest, PartsMadeAheadAreTheSame) {
  put(path("a.csv"), many_rows() + "1,inf,2\n3\n");
  const auto read = [&](TableSource& source) {
    std::string parts;
    try {
      while (true) parts += cells(source.pull(3000));
    } catch (const DataError& e) {
      return parts + e.what();
    }
  };
  const auto open = [&] { return csv_table_source(path("a.csv"), {}, kSmallBlock); };
  EXPECT_EQ(read(*read_ahead(open())), read(*open()));
  put(path("a.csv"), "a\n1\ninf\n");
  auto source = read_ahead(open());
  source->pull(1);
  EXPECT_THAT(
      source->warnings(),
      testing::ElementsAre(HasSubstr("is infinite or exceeds float32 (3.4e38) in 1 values")));
  read_ahead(open())->pull(0);
}

TEST_F(TableSourceTest, ErrorsNameTheLine) {
  std::string text = "a,b\n";
  for (int i = 0; i < 50000; ++i) text += "1,\"2\n\"\n";
  const auto fails = [&](const std::string& tail, const std::string& says) {
    put(path("a.csv"), text + tail);
    EXPECT_THAT(message_of(path("a.csv")), HasSubstr("a.csv: line " + says));
    EXPECT_THAT([&] { read_csv(path("a.csv")); }, ThrowsMessage<DataError>(HasSubstr(says)));
  };
  fails("1\n", "100002: 1 field here, 2 expected as in the header");
  fails("1,2\n\"x,2\n", "100003: a quote is opened here and never closed");
  fails(std::string("1,\0\n", 4), "100002: a NUL byte");
  put(path("a.csv"), "a,b\n");
  EXPECT_THAT(message_of(path("a.csv")), HasSubstr("no rows below the header"));
  put(path("a.csv"), "");
  EXPECT_THAT(message_of(path("a.csv")), HasSubstr("line 1: the file is empty"));
  EXPECT_THAT(message_of(path("")), HasSubstr("is a folder"));
  EXPECT_THAT(message_of(path("b.csv")), HasSubstr("No such file"));
}

TEST_F(TableSourceTest, WarnsAsTheWholeDoes) {
  std::string text = "x,y,z\n";
  for (int i = 0; i < 40000; ++i)
    text += (i == 30000 ? "oops" : std::to_string(i)) + (i == 25000 ? ",inf," : ",2,") +
            (i % 2 ? "u" : "1") + '\n';
  put(path("a.csv"), text);
  auto source = csv_table_source(path("a.csv"), {}, kSmallBlock);
  while (source->pull(1 << 30).rows > 0) continue;
  EXPECT_EQ(source->warnings(), read_csv(path("a.csv")).warnings);
  EXPECT_EQ(source->warnings().size(), 3u);
}

TEST_F(TableSourceTest, FindsTheColumnsOfTheWhole) {
  std::string text = "n,id,row,word,flag,one\n";
  for (int i = 0; i < 400'000; ++i)
    text += std::to_string(1L * i * i % 1717) + ".0," + std::to_string(i * 7919L % 400'009) + ',' +
            std::to_string(i) + (i > 390'000 ? ",w" : ",1.0") + std::to_string(i % 3) + ',' +
            std::to_string(i % 2) + ",5\n";
  put(path("a.csv"), text);
  ASSERT_GT(text.size(), kTextBlock / 2);
  const Table found = read_columns(path("a.csv")), whole = read_csv(path("a.csv"));
  EXPECT_EQ(found.rows, whole.rows);
  EXPECT_EQ(found.warnings, whole.warnings);
  for (std::size_t c = 0; c < whole.columns.size(); ++c) {
    EXPECT_EQ(found.columns[c].name, whole.columns[c].name);
    EXPECT_EQ(found.columns[c].type, whole.columns[c].type) << whole.columns[c].name;
    EXPECT_EQ(found.columns[c].is_text, whole.columns[c].is_text);
    EXPECT_EQ(found.columns[c].dictionary, whole.columns[c].dictionary);
    EXPECT_EQ(found.columns[c].missing, whole.columns[c].missing);
  }
}

TEST_F(TableSourceTest, ArraysAreTables) {
  put(path("part-1.npy"), npy_bytes<float>({0, 1, 2, INFINITY}, {2, 2}));
  put(path("part-2.npy"), npy_bytes<float>({4, 5}, {1, 2}));
  auto source = table_source(path("part-*.npy"));
  EXPECT_EQ(cells(source->pull(2)), "0|1|\n2||\n");
  const Table last = source->pull(2);
  EXPECT_EQ(cells(last), "4|5|\n");
  EXPECT_EQ(last.first_row, 2);
  EXPECT_FALSE(last.named);
  EXPECT_EQ(source->pull(2).rows, 0);
  EXPECT_THAT(source->warnings(),
              testing::ElementsAre(HasSubstr("column 'column_2' is infinite or exceeds float32")));
  EXPECT_EQ(read_table(path("part-*.npy")).rows, 3);

  save_npz(path("a.npz"), {{"y", array({7, 8})}, {"x", array({{1, 2}, {3, 4}})}});
  source = table_source(path("a.npz"));
  EXPECT_EQ(cells(source->pull(1)), "1|2|7|\n");
  EXPECT_EQ(cells(source->pull(9)), "3|4|8|\n");
  save_npz(path("a.npz"), {{"y", array({7, 8, 9})}, {"x", array({{1, 2}, {3, 4}})}});
  EXPECT_THAT([&] { table_source(path("a.npz")); },
              ThrowsMessage<DataError>(HasSubstr("'y' has 3 rows, the arrays before it have 2")));
}

// More rows than are turned to columns at once, in either order.
TEST_F(TableSourceTest, LongArraysAreTables) {
  constexpr int64_t kRows = 30'001;
  std::vector<float> values;
  for (int64_t i = 0; i < kRows * 3; ++i) values.push_back(i % 1000 == 7 ? NAN : float(i));
  const Array x = array(values, {kRows, 3});
  for (const Array& rows : {x, (x.T() + 0.0).T(), astype(x, DType::float64)}) {
    const Table table = table_from_arrays({{"x", rows}}, {}, "x.npy");
    ASSERT_EQ(table.rows, kRows);
    for (std::size_t c = 0; c < 3; ++c) {
      ASSERT_EQ(table.columns[c].numbers.size(), values.size() / 3);
      for (std::size_t i = 0; i < table.columns[c].numbers.size(); ++i) {
        const double expected = values[3 * i + c];
        ASSERT_TRUE(table.columns[c].numbers[i] == expected ||
                    (std::isnan(expected) && std::isnan(table.columns[c].numbers[i])))
            << i;
      }
    }
  }
}

TEST_F(TableSourceTest, OneValueDecidesWhatAColumnIsWhereverItStands) {
  const auto type_with = [](double value, std::size_t at) {
    std::vector<double> numbers(11);
    numbers[at] = value;
    return table_from_arrays({{"x", array(numbers, {11})}}, {}, "x.npy").columns[0].type;
  };
  for (std::size_t at = 0; at < 11; ++at) {
    EXPECT_EQ(type_with(0, at), ColumnType::constant) << at;
    EXPECT_EQ(type_with(1, at), ColumnType::boolean) << at;
    EXPECT_EQ(type_with(-1, at), ColumnType::numeric) << at;
    EXPECT_EQ(type_with(0.5, at), ColumnType::numeric) << at;
    EXPECT_EQ(type_with(NAN, at), ColumnType::numeric) << at;  // whether it is missing tells
  }
}

TEST_F(TableSourceTest, PipesAreReadOnce) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  std::thread writer([&] { put(path("pipe"), "a,b\n1,x\n"); });
  auto source = table_source(path("pipe"));
  EXPECT_EQ(cells(source->pull(9)), "1|x|\n");
  writer.join();
}

TEST_F(TableSourceTest, NumbersOfACsvFileAreASource) {
  std::string text = "a,word,b\n";
  for (int i = 0; i < 10; ++i) text += std::to_string(i) + ",w," + (i == 3 ? "" : "0.5") + '\n';
  put(path("a.csv"), text);
  auto source = open_source(path("a.csv"));
  EXPECT_EQ(source->length(), 10);
  EXPECT_EQ(source->row_shapes()[0], (Shape{2}));
  const Array all = source->pull(20)[0];
  EXPECT_EQ(all.dtype(), DType::float32);
  EXPECT_EQ(values_of(all[{4}]), (Values{4, 0.5}));
  EXPECT_TRUE(std::isnan(all[{3, 1}].item()));
  source->reset();
  EXPECT_EQ(values_of(rows_of(*source, 3)[{slice(), 0}]), (Values{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  put(path("a.csv"), "a\nx\ny\n");
  EXPECT_THAT([&] { csv_source(path("a.csv")); },
              ThrowsMessage<DataError>(HasSubstr("no column holds numbers")));
  EXPECT_THROW(csv_source("-"), ValueError);
}

TEST_F(TableSourceTest, CsvSourcesTellWhatTheyLeaveOutAndKeepDigits) {
  put(path("a.csv"), "word,seconds,other\nu,1700000001,1\nv,1700000002,x\n");
  SourceOptions options;
  options.csv_dtype = DType::float64;
  std::string told;
  options.warn = [&](const std::string& warning) { told += warning + '\n'; };
  EXPECT_EQ(values_of(open_source(path("a.csv"), options)->pull(9)[0]),
            (Values{1700000001, 1700000002}));
  EXPECT_THAT(told, HasSubstr("column 'other'"));
  EXPECT_THAT(told, HasSubstr("a.csv: left out, since they hold texts: 'word', 'other'"));
}

TEST_F(TableSourceTest, PipesAreNoSource) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_THAT([&] { csv_source(path("pipe")); },
              ThrowsMessage<IoError>(HasSubstr("is a pipe, and must be read twice; save it")));
}

TEST_F(TableSourceTest, SourcesAreOpenedByName) {
  save_npz(path("a.npz"), {{"x", array({{1, 2}, {3, 4}})}});
  EXPECT_EQ(values_of(open_source(path("a.npz:x"))->pull(9)[0]), (Values{1, 2, 3, 4}));
  EXPECT_THAT([&] { open_source(path("a.npz")); },
              ThrowsMessage<ValueError>(HasSubstr("name one of them")));
  save_npy(path("b-1.npy"), array({5, 6}));
  EXPECT_EQ(values_of(open_source(path("b-?.npy"))->pull(9)[0]), (Values{5, 6}));
}

}  // namespace
}  // namespace lanewise
